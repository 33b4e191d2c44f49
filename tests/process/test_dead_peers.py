"""A peer that is gone is noticed, however it went: by FIN, RST, or without a word."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.network import Elsewhere
from tests.proc import open_sockets
from tests.raw_streams import RawStream, dial, reset, stream_request
from tests.running import RunningPulso, eventually, message, running

HEARTBEAT = 1.0
WRITE_TIMEOUT = 2.0
# A loaded machine's share.
SLACK = 2.0


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """Heartbeats of the default 30 s have no part in what happens here."""
    with running(tmp_path_factory.mktemp("unhurried") / "data") as server:
        yield server
        assert " ERROR " not in server.log, server.log


@pytest.fixture(scope="module")
def watchful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    with running(
        tmp_path_factory.mktemp("watchful") / "data",
        PULSO_HOST="0.0.0.0",
        PULSO_HEARTBEAT_SECONDS=str(HEARTBEAT),
        PULSO_WRITE_TIMEOUT_SECONDS=str(WRITE_TIMEOUT),
    ) as server:
        yield server
        assert " ERROR " not in server.log, server.log


def gone(pulso: RunningPulso, files: int) -> bool:
    # Files first: asking for the metrics opens one.
    return (
        open_sockets(pulso.pid) <= files
        and pulso.metric("pulso_streams_open") == 0
        and pulso.metric("pulso_subscriptions") == 0
    )


def opened(pulso: RunningPulso, sock: socket.socket, extra: bytes = b"") -> RawStream:
    """A stream that has said ``connected``."""
    stream = RawStream(sock, stream_request(pulso, "b1") + extra)
    stream.read_until("connected")
    return stream


@contextlib.contextmanager
def traffic(pulso: RunningPulso) -> Iterator[None]:
    """Some 50 events a second for b1, until the block ends."""
    enough = threading.Event()

    def publish() -> None:
        while not enough.wait(0.02):
            pulso.publish(message("b1", "x" * 500))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_a_vanished_idle_peer_is_gone_after_the_write_timeout_and_a_heartbeat(
    watchful: RunningPulso, elsewhere: Elsewhere
) -> None:
    files = open_sockets(watchful.pid)
    stream = opened(watchful, elsewhere.dial(watchful))
    stream.read_until("ping")
    elsewhere.vanish()
    began = time.monotonic()
    time.sleep(HEARTBEAT / 2)
    assert watchful.metric("pulso_streams_open") == 1
    eventually(lambda: gone(watchful, files), timeout=WRITE_TIMEOUT + HEARTBEAT + SLACK)
    assert time.monotonic() - began < WRITE_TIMEOUT + HEARTBEAT + SLACK


@pytest.mark.parametrize("reads", [True, False], ids=["reading", "stalled"])
def test_a_vanished_peer_under_load_is_gone_after_the_write_timeout_and_a_heartbeat(
    watchful: RunningPulso, elsewhere: Elsewhere, reads: bool
) -> None:
    files = open_sockets(watchful.pid) + 3  # requests of the traffic come and go
    stream = opened(watchful, elsewhere.dial(watchful, small=not reads))
    beside = opened(watchful, dial(watchful))
    with traffic(watchful):
        if reads:
            stream.read_until("message:received")
        elsewhere.vanish()
        eventually(
            lambda: watchful.metric("pulso_subscriptions") == 1,
            timeout=WRITE_TIMEOUT + HEARTBEAT + SLACK,
        )
        beside.read_until("message:received")
    beside.close()
    eventually(lambda: gone(watchful, files))


def test_a_peer_that_sent_a_junk_byte_and_left_is_gone_within_two_heartbeats(
    watchful: RunningPulso,
) -> None:
    files = open_sockets(watchful.pid)
    stream = opened(watchful, dial(watchful), extra=b"x")
    stream.close()
    eventually(lambda: gone(watchful, files), timeout=2 * HEARTBEAT + SLACK / 2)


def test_a_peer_that_sends_a_second_request_and_leaves_is_gone_within_two_heartbeats(
    watchful: RunningPulso,
) -> None:
    files = open_sockets(watchful.pid)
    stream = opened(watchful, dial(watchful), extra=b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    stream.close()
    eventually(lambda: gone(watchful, files), timeout=2 * HEARTBEAT + SLACK / 2)


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(socket.socket.close, id="fin"),
        pytest.param(reset, id="rst"),
        pytest.param(lambda sock: sock.shutdown(socket.SHUT_WR), id="half-close"),
    ],
)
@pytest.mark.parametrize("loaded", [False, True], ids=["idle", "loaded"])
def test_a_peer_that_closes_is_gone_at_once(
    unhurried: RunningPulso, leave: Callable[[socket.socket], None], loaded: bool
) -> None:
    files = open_sockets(unhurried.pid) + (3 if loaded else 0)
    stream = opened(unhurried, dial(unhurried))
    with traffic(unhurried) if loaded else contextlib.nullcontext():
        leave(stream.sock)
        eventually(lambda: gone(unhurried, files), timeout=1 + SLACK)


def test_a_peer_that_leaves_before_its_answer_leaves_nothing(watchful: RunningPulso) -> None:
    files = open_sockets(watchful.pid)
    for _ in range(100):
        sock = dial(watchful)
        sock.sendall(stream_request(watchful, "b1"))
        reset(sock)
    eventually(lambda: gone(watchful, files))
