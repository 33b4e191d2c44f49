"""However clients come and go, what they used comes back."""

import asyncio
import gc
import itertools
import random
import socket
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from handlers.application import make_application
from handlers.stream import StreamHandler
from services.config import Settings
from services.pulso import Pulso
from tests.proc import open_sockets, resident_bytes
from tests.raw_streams import RawStream, dial, reset, stream_request
from tests.running import SECRET, RunningPulso, eventually, message, running
from tests.scale import scaled

ROUNDS = 10
PER_ROUND = scaled(20_000) // ROUNDS
AT_ONCE = 40
# The allocator's own ups and downs, once every path was taken a few times.
PLATEAU_BYTES = 6 * 1024 * 1024


def half_close(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65_536):
        pass
    sock.close()


class Visitors:
    """Clients that come in every way and leave in every way."""

    def __init__(self, pulso: RunningPulso) -> None:
        self.pulso = pulso
        self.behind = pulso.publish(*(message("b1", f"{n} {'x' * 500}") for n in range(1000)))[0]
        self.whole = stream_request(pulso, "b1")
        self.several = stream_request(pulso, "b1", "b2", "b3")
        self.replay = stream_request(pulso, "b1", after=self.behind)
        self.wrong = stream_request(pulso, "b1", token="wrong")
        self.ways: list[Callable[[], Callable[[], None]]] = [
            lambda: self.visit(self.whole, socket.socket.close),
            lambda: self.visit(self.several, reset),
            lambda: self.visit(self.whole, half_close),
            lambda: self.visit(self.replay, reset),
            lambda: self.unread(self.replay, socket.socket.close),
            lambda: self.unread(self.whole, reset),
            lambda: self.unread(self.whole[:40], socket.socket.close),
            lambda: self.unread(self.whole + b"junk", socket.socket.close),
            lambda: self.unread(self.wrong, socket.socket.close),
        ]

    def round(self, count: int, chance: random.Random) -> None:
        """``count`` visits, some at once, leaving in another order than they came in."""
        ways = itertools.cycle(self.ways)
        for first in range(0, count, AT_ONCE):
            leaving = [next(ways)() for _ in range(min(AT_ONCE, count - first))]
            chance.shuffle(leaving)
            for leave in leaving:
                leave()

    def visit(self, request: bytes, how: Callable[[socket.socket], None]) -> Callable[[], None]:
        stream = RawStream(dial(self.pulso), request)

        def leave() -> None:
            stream.read_until("connected")
            how(stream.sock)

        return leave

    def unread(self, request: bytes, how: Callable[[socket.socket], None]) -> Callable[[], None]:
        sock = dial(self.pulso, small=True)
        sock.sendall(request)
        return lambda: how(sock)


def test_connections_of_every_kind_leave_nothing_behind(tmp_path: Path) -> None:
    with running(
        tmp_path / "data",
        PULSO_MAX_STREAMS_PER_USER="100000",
        PULSO_HEARTBEAT_SECONDS="1",
        PULSO_WRITE_TIMEOUT_SECONDS="1",
    ) as pulso:
        visitors = Visitors(pulso)
        files = open_sockets(pulso.pid)
        chance = random.Random(1)
        resident = []
        for _ in range(ROUNDS):
            visitors.round(PER_ROUND, chance)
            eventually(lambda: open_sockets(pulso.pid) <= files)
            assert pulso.metric("pulso_subscriptions") == 0
            assert pulso.metric("pulso_streams_open") == 0
            resident.append(resident_bytes(pulso.pid))
            pulso.close_clients()
        assert max(resident[3:]) - resident[2] < PLATEAU_BYTES, resident
        assert " ERROR " not in pulso.log, pulso.log[-5000:]


def test_no_task_and_no_handler_is_left(tmp_path: Path) -> None:
    settings = Settings.from_environ(
        {
            "PULSO_PORT": "0",
            "PULSO_DATA_DIR": str(tmp_path),
            "JWT_SECRET": SECRET,
            "PULSO_HEARTBEAT_SECONDS": "0.1",
            "PULSO_ADMIN_PASSWORD": "a password of the tests",
        }
    )
    asyncio.run(_come_and_go(Pulso(settings, make_application)))


async def _come_and_go(pulso: Pulso) -> None:
    async with pulso:
        await _visit(pulso, int(pulso.address.rpartition(":")[2]))


async def _visit(pulso: Pulso, port: int) -> None:
    token = pulso.tokens.sign("visitor")
    request = f"GET /events/stream?botId=b1&token={token} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    handlers: weakref.WeakSet[object] = weakref.WeakSet()

    async def visit(extra: bytes, abort: bool) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request + extra)
        await reader.readuntil(b'"connected"')
        if abort:
            writer.transport.abort()
        else:
            writer.close()
            await writer.wait_closed()

    before = len(asyncio.all_tasks())
    for extra, abort in ((b"", False), (b"", True), (b"junk", False)):
        await asyncio.gather(*(visit(extra, abort) for _ in range(40)))
        handlers.update(found for found in gc.get_objects() if type(found) is StreamHandler)
    assert handlers
    limit = time.monotonic() + 5
    while len(asyncio.all_tasks()) > before or len(pulso.streams) or pulso.bus.subscriptions:
        assert time.monotonic() < limit, asyncio.all_tasks()
        await asyncio.sleep(0.02)
    gc.collect()
    assert not handlers
