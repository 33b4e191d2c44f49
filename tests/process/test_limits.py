"""What a client may take is bounded; what is over is refused softly; every place comes back."""

import contextlib
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.proc import open_sockets
from tests.raw_streams import RawStream, dial, reset, stalled, stream_request
from tests.running import ROOT, RunningPulso, eventually, message, running
from tests.scale import scaled
from tests.stream_client import StreamClient

CYCLES = scaled(40_000)
GREED = 2000
REFUSAL = re.compile(rb'retry: (\d+)\ndata: {"type":"closing","reason":"([a-z-]+)"}\n\n')


def refusal(stream: StreamClient) -> str:
    """The reason of a soft refusal, after a look at its every byte."""
    assert stream.status == 200
    assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    match = REFUSAL.fullmatch(stream.response.read())
    assert match
    assert 15_000 <= int(match[1]) <= 30_000
    return match[2].decode()


def connected(stream: StreamClient) -> StreamClient:
    assert stream.next().json["type"] == "connected"
    return stream


def test_a_user_has_so_many_streams_over_all_tokens(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_MAX_STREAMS_PER_USER="3") as pulso:
        mine = [connected(pulso.stream("b1", token=pulso.token("ann", n=n))) for n in range(3)]
        assert refusal(pulso.stream("b1", token=pulso.token("ann"))) == "too-many-streams"
        connected(pulso.stream("b1", token=pulso.token("bob")))
        mine[0].close()
        eventually(lambda: pulso.metric("pulso_streams_open") == 3)
        connected(pulso.stream("b1", token=pulso.token("ann")))
        assert refusal(pulso.stream("b1", token=pulso.token("ann"))) == "too-many-streams"
        assert pulso.metric('pulso_streams_refused_total{reason="too-many-streams"}') == 2


def test_a_server_has_so_many_streams_in_all(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_MAX_STREAMS="3") as pulso:
        streams = [connected(pulso.stream("b1", token=pulso.token(f"u{n}"))) for n in range(3)]
        assert refusal(pulso.stream("b1", token=pulso.token("late"))) == "overloaded"
        # Another answer than a stream is not refused.
        assert pulso.request("GET", "/healthz").status == 200
        streams[0].reset()
        eventually(lambda: pulso.metric("pulso_streams_open") == 2)
        connected(pulso.stream("b1", token=pulso.token("late")))


def test_a_stream_has_so_many_bots(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_MAX_BOTS_PER_STREAM="2") as pulso:
        assert pulso.stream("b1", "b2", "b1", "b2").take(2)
        answer = pulso.stream("b1", "b2", "b3")
        assert answer.status == 400


def test_every_place_is_given_back_on_every_path_out(tmp_path: Path) -> None:
    limit = 4
    with running(
        tmp_path / "data",
        PULSO_MAX_STREAMS_PER_USER=str(limit),
        PULSO_WRITE_TIMEOUT_SECONDS="0.5",
    ) as pulso:
        files = open_sockets(pulso.pid)
        holder = [connected(pulso.stream("b1", token=pulso.token("full"))) for _ in range(limit)]
        failures: list[BaseException] = []
        threads = [
            threading.Thread(target=_cycles, args=(pulso, CYCLES // 4, n, failures))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        dropped = 0
        while any(thread.is_alive() for thread in threads):
            dropped += _slow_drop(pulso)
        for thread in threads:
            thread.join()
        assert not failures, failures
        assert dropped
        for stream in holder:
            stream.close()
        eventually(lambda: open_sockets(pulso.pid) <= files)
        assert pulso.metric("pulso_streams_open") == 0
        assert pulso.metric("pulso_subscriptions") == 0
        for sub in ("full", "slow", "cycler-0", "cycler-3"):
            mine = [connected(pulso.stream("b1", token=pulso.token(sub))) for _ in range(limit)]
            assert refusal(pulso.stream("b1", token=pulso.token(sub))) == "too-many-streams"
            for stream in mine:
                stream.close()
        assert "Traceback" not in pulso.log, pulso.log[-5000:]
        assert " ERROR " not in pulso.log, pulso.log[-5000:]


def _slow_drop(pulso: RunningPulso) -> int:
    """One stream whose client takes nothing, until it is dropped."""
    token = pulso.token("slow")
    stream = stalled(pulso, "heavy", token=token)

    def mine() -> int:
        return len(pulso.request("GET", "/api/streams", token=token).json["streams"])

    eventually(mine)
    pulso.publish(*(message("heavy", "x" * 5000) for _ in range(180)))
    eventually(lambda: not mine())
    stream.close()
    return 1


def _cycles(pulso: RunningPulso, count: int, worker: int, failures: list[BaseException]) -> None:
    """Refusals, failed auth, wrong requests, early closes: one after the other."""
    kept = HTTPConnection("127.0.0.1", pulso.port, timeout=20)

    def ask(status: int, method: str = "GET", **query: str) -> None:
        kept.request(method, f"/events/stream?{urlencode(query)}")
        answer = kept.getresponse()
        answer.read()
        assert answer.status == status, answer.status

    own = pulso.token(f"cycler-{worker}")
    full, narrow = pulso.token("full"), pulso.token("narrow", bots=["b2"])
    request = stream_request(pulso, "b1", token=own)

    def leave_early(how: Callable[[socket.socket], None]) -> None:
        sock = socket.create_connection(("127.0.0.1", pulso.port))
        sock.sendall(request)
        how(sock)

    paths: list[Callable[[], None]] = [
        lambda: ask(200, botId="b1", token=full),
        lambda: ask(401, botId="b1"),
        lambda: ask(401, botId="b1", token="wrong"),
        lambda: ask(400, token=own),
        lambda: ask(403, botId="b1", token=narrow),
        lambda: ask(200, "HEAD", botId="b1", token=own),
        lambda: leave_early(reset),
        lambda: leave_early(socket.socket.close),
    ]
    try:
        for turn in range(count):
            paths[turn % len(paths)]()
    except BaseException as error:
        failures.append(error)
    finally:
        kept.close()


def test_who_leaves_before_the_refusal_is_no_error(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_MAX_STREAMS="1") as pulso:
        connected(pulso.stream("b1"))
        for turn in range(1_000):
            sock = dial(pulso)
            sock.sendall(stream_request(pulso, "b1"))
            # A request has been read and not yet answered for some tenths of a millisecond.
            time.sleep(turn % 10 * 0.00005)
            reset(sock)
        assert refusal(pulso.stream("b1", token=pulso.token("late"))) == "overloaded"
        assert " ERROR " not in pulso.log, pulso.log


@pytest.mark.parametrize(
    ("trusted", "seen"), [("127.0.0.1", "198.51.100.7"), ("10.9.9.9", "127.0.0.1")]
)
def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(
    tmp_path: Path, trusted: str, seen: str
) -> None:
    with running(tmp_path / "data", PULSO_TRUSTED_PROXIES=trusted) as pulso:
        for name in ("X-Real-IP", "X-Forwarded-For"):
            pulso.request("GET", "/api/auth/me", headers={name: "198.51.100.7"})

        def asked() -> list[str]:
            return [line for line in pulso.log.splitlines() if "/api/auth/me" in line]

        # The line is written after the answer.
        eventually(lambda: len(asked()) == 2)
        lines = asked()
        assert all(f"({seen})" in line for line in lines), lines


@pytest.mark.alone
def test_a_client_that_trickles_or_says_nothing_is_cut_off(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", PYTHONPATH=str(ROOT))
    patience = "pulso.IDLE_SECONDS = pulso.BODY_SECONDS = pulso.STALLED_ANSWER_SECONDS = 1"
    program = f"import main\nfrom services import pulso\n{patience}\nmain.main()"
    pulso.command = [sys.executable, "-c", program]
    pulso.start()
    try:
        stream = RawStream(dial(pulso), stream_request(pulso, "b1"))
        stream.read_until("connected")
        files = open_sockets(pulso.pid)
        head = b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        greedy = dial(pulso, small=True)
        # On a busy machine nobody may be let in yet when the others have all been dialled.
        eventually(lambda: open_sockets(pulso.pid) > files)
        silent = [dial(pulso) for _ in range(30)]
        headers, bodies = [dial(pulso) for _ in range(30)], [dial(pulso) for _ in range(30)]
        for sock in headers:
            sock.sendall(head)
        for sock in bodies:
            sock.sendall(head + b"Content-Length: 1000\r\n\r\n")
        # Asks for more than the sockets on the way hold, and reads none of it.
        greedy.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * GREED)
        limit = time.monotonic() + 8
        while open_sockets(pulso.pid) > files:
            assert time.monotonic() < limit
            for sock, trickle in (
                *((sock, b"X-A: b\r\n") for sock in headers),
                *((sock, b" ") for sock in bodies),
            ):
                with contextlib.suppress(OSError):
                    sock.send(trickle)
            time.sleep(0.1)
        assert pulso.request("GET", "/healthz").status == 200
        # What is no trickle goes on.
        pulso.publish(message("b1", "still here"))
        stream.read_until("message:received")
        assert Counter(line.split()[2] for line in pulso.log.splitlines())["ERROR"] == 0
        for sock in silent:
            assert sock.recv(10) == b""
        answers = 0
        with contextlib.suppress(ConnectionError):
            while part := greedy.recv(65_536):
                answers += part.count(b"HTTP/1.1 200 OK")
        assert answers < GREED
    finally:
        pulso.close_clients()
        pulso.kill()
