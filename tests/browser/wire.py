"""What lies between a browser and the server: a proxy whose other side may be gone, and a network
that may swallow everything."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n"
    b"Connection: close\r\n\r\n<h1>Sorry.</h1>"
)


class Pair:
    """One connection, both sides of it."""

    def __init__(self, browser: socket.socket, server: socket.socket) -> None:
        self.ends = (browser, server)
        self.swallowed = False
        self.streams = False
        for source, target in (self.ends, self.ends[::-1]):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self.streams = self.streams or b"GET /events/stream" in data
                if not self.swallowed:
                    target.sendall(data)
        if not self.swallowed:
            self.close()

    def close(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Wire:
    """Forwards to ``port`` on this machine; ``port`` may change, as the server may."""

    def __init__(self, listener: socket.socket, port: Callable[[], int]) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._listener = listener
        self._port = port
        self._bad_gateway = False
        self._pairs: list[Pair] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(browser,), daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if not self._bad_gateway:
                server = socket.create_connection(("127.0.0.1", self._port()))
                self._pairs.append(Pair(browser, server))
                return
            asked = b""
            while b"\r\n\r\n" not in asked and (data := browser.recv(65_536)):
                asked += data
            browser.sendall(BAD_GATEWAY)
        browser.close()

    @contextmanager
    def bad_gateway(self) -> Iterator[None]:
        """As a proxy whose server is gone: what was open ends, and every request is a 502."""
        self._bad_gateway = True
        self.cut()
        yield
        self._bad_gateway = False

    @contextmanager
    def swallowed(self) -> Iterator[None]:
        """No stream that is open goes through any more, and nobody learns of it.

        Idle connections are closed: a browser lets them go itself when the network changes.
        """
        pairs = [pair for pair in self._pairs if pair.streams]
        for pair in self._pairs:
            pair.swallowed = pair.streams
            if not pair.streams:
                pair.close()
        yield
        # The server's side is found dead by its own means, which are not what is tested.
        for pair in pairs:
            pair.ends[1].close()

    def cut(self) -> None:
        for pair in self._pairs:
            pair.close()
        self._pairs.clear()


@contextmanager
def wire_to(port: Callable[[], int]) -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener, port)
        try:
            yield wire
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            wire.cut()
