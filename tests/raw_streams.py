"""Streams over bare sockets: clients that stall, vanish or misbehave, and crowds of good ones.

Each decodes HTTP and SSE by itself, strictly, so that a cut chunk or a half event is seen.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.running import RunningPulso
from tests.sse_reader import Dispatched, SSEParser

# What a client that reads nothing may still take before the server's writes stop: little.
SMALL_BUFFER = 4096


def stream_request(
    pulso: RunningPulso, *bots: str, token: str | None = None, after: str | None = None
) -> bytes:
    """The bytes of a request for a stream."""
    query = [("botId", bot) for bot in bots]
    query.append(("token", token if token is not None else pulso.token()))
    lines = [f"GET /events/stream?{urlencode(query)} HTTP/1.1", "Host: 127.0.0.1"]
    if after is not None:
        lines.append(f"Last-Event-ID: {after}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def dial(pulso: RunningPulso, host: str = "127.0.0.1", *, small: bool = False) -> socket.socket:
    """A connected socket; ``small``: with a receive buffer that is soon full."""
    sock = pulso.keep(socket.socket())
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.settimeout(10)
    sock.connect((host, pulso.port))
    return sock


def reset(sock: socket.socket) -> None:
    """Close with a RST instead of a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


class ChunkedBody:
    """HTTP/1.1 answers of one chunked body (RFC 9112 §7.1), fed as bytes come."""

    def __init__(self) -> None:
        self.head = b""
        self.complete = False
        self._rest = b""
        self._left = 0

    def feed(self, data: bytes) -> bytes:
        """The body bytes among these."""
        self._rest += data
        if not self.head:
            head, mark, rest = self._rest.partition(b"\r\n\r\n")
            if not mark:
                return b""
            self.head, self._rest = head, rest
            assert head.startswith(b"HTTP/1.1 200 "), head
        body = []
        while self._rest and not self.complete:
            if self._left:
                taken = self._rest[: self._left]
                body.append(taken)
                self._left -= len(taken)
                self._rest = self._rest[len(taken) :]
                if self._left == 0:
                    self._left = -2  # the CRLF after a chunk
            elif not self._size():
                break
            if self._left == -2:
                if len(self._rest) < 2:
                    break
                assert self._rest[:2] == b"\r\n", self._rest[:20]
                self._rest = self._rest[2:]
                self._left = 0
        return b"".join(body)

    def _size(self) -> bool:
        line, mark, rest = self._rest.partition(b"\r\n")
        if not mark:
            return False
        size = int(line, 16)
        if size == 0:
            if len(rest) < 2:
                return False
            assert rest == b"\r\n", rest
            self.complete, rest = True, b""
        self._left, self._rest = size, rest
        return True


class RawStream:
    """One stream that reads only when told to."""

    def __init__(self, sock: socket.socket, request: bytes) -> None:
        self.sock = sock
        self.sock.sendall(request)
        self.body = ChunkedBody()
        self.parser = SSEParser()
        self.events: list[Dispatched] = []
        self.ended = False

    def read(self, limit: int = 65_536, timeout: float = 10) -> list[Dispatched]:
        """What one ``recv`` gives; sets ``ended`` where the connection is over."""
        self.sock.settimeout(timeout)
        try:
            data = self.sock.recv(limit)
        except ConnectionError:
            data = b""
        self.ended = not data
        events = self.parser.feed(self.body.feed(data))
        self.ended = self.ended or self.body.complete
        self.events += events
        return events

    def read_until_end(self, timeout: float = 10) -> None:
        limit = time.monotonic() + timeout
        while not self.ended:
            self.read(timeout=max(0.01, limit - time.monotonic()))

    def read_until(self, type_: str, timeout: float = 10) -> Dispatched:
        """Read on to the first event of this type, JSON or SSE; it."""
        limit = time.monotonic() + timeout
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event.type == type_ or event.json.get("type") == type_:
                    return event
            seen = len(self.events)
            assert not self.ended, f"it ended before {type_}"
            self.read(timeout=max(0.01, limit - time.monotonic()))

    def of_type(self, type_: str) -> list[Dispatched]:
        return [event for event in self.events if event.json.get("type") == type_]

    def close(self) -> None:
        self.sock.close()


def stalled(pulso: RunningPulso, *bots: str, **options: str) -> RawStream:
    """A stream whose client reads nothing and has little room."""
    return RawStream(dial(pulso, small=True), stream_request(pulso, *bots, **options))


class Crowd:
    """Many streams of one bot, read by one thread; counts what each got."""

    def __init__(self, pulso: RunningPulso, count: int, bot: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        self.counts = [0] * count
        self.ended = 0
        self._tails = [b""] * count
        for position in range(count):
            sock = dial(pulso)
            sock.sendall(stream_request(pulso, bot))
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, position)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.1):
                self._take(key)

    def _take(self, key: selectors.SelectorKey) -> None:
        sock = key.fileobj
        assert isinstance(sock, socket.socket)
        data = b""
        with contextlib.suppress(ConnectionError):
            data = sock.recv(262_144)
        if not data:
            self.ended += 1
            self._selector.unregister(sock)
            sock.close()
            return
        mark = b'"type":"message:received"'
        text = self._tails[key.data] + data
        self.counts[key.data] += text.count(mark)
        self._tails[key.data] = text[-(len(mark) - 1) :]


@contextlib.contextmanager
def crowd(pulso: RunningPulso, count: int, bot: str) -> Iterator[Crowd]:
    """``count`` good streams of a bot for the length of a block."""
    made = Crowd(pulso, count, bot)
    try:
        yield made
    finally:
        made.close()
