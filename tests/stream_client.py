"""A client of the stream as it is on the wire, over a socket of its own."""

import contextlib
import http.client
import socket
import time
from urllib.parse import urlencode

from tests.sse_reader import Dispatched, SSEParser


class StreamClient:
    """A real connection to /events/stream; reads events with a time limit."""

    def __init__(self, port: int, query: list[tuple[str, str]], headers: dict[str, str]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        lines = [f"GET /events/stream?{urlencode(query)} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.response = http.client.HTTPResponse(self.sock)
        self.response.begin()
        self.status = self.response.status
        self.headers = self.response.headers
        self.parser = SSEParser()
        self.ended = False
        self._ready: list[Dispatched] = []

    def next(self, timeout: float = 10, *, pings: bool = False) -> Dispatched:
        """The next event. TimeoutError after ``timeout``; EOFError at the end of the stream."""
        limit = time.monotonic() + timeout
        while True:
            while self._ready:
                event = self._ready.pop(0)
                if pings or event.type != "ping":
                    return event
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError("no event came")
            self.sock.settimeout(left)
            chunk = self.response.read1(65536)
            if not chunk:
                self.ended = True
                raise EOFError("the stream ended")
            self._ready += self.parser.feed(chunk)

    def until(self, type_: str, timeout: float = 10) -> list[Dispatched]:
        """Every event up to and with the next of this JSON ``type``."""
        limit = time.monotonic() + timeout
        seen = []
        while True:
            seen.append(self.next(limit - time.monotonic()))
            if seen[-1].json["type"] == type_:
                return seen

    def take(self, count: int, timeout: float = 10) -> list[Dispatched]:
        """The next ``count`` events that are not pings."""
        limit = time.monotonic() + timeout
        return [self.next(limit - time.monotonic()) for _ in range(count)]

    def rest(self, timeout: float = 10) -> list[Dispatched]:
        """Every event until the server ends the stream."""
        seen = []
        limit = time.monotonic() + timeout
        with contextlib.suppress(EOFError):
            while True:
                seen.append(self.next(limit - time.monotonic()))
        return seen

    def close(self) -> None:
        self.response.close()
        self.sock.close()

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()
