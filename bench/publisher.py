"""One publishing connection: HTTP/1.1 kept alive, one request in flight."""

import re
import socket

from bench.server import Server


class Publisher:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, bot: str, body: bytes) -> None:
        target, headers = self.server.publish_request(bot)
        head = (
            f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        self.socket.sendall(head.encode() + body)

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the answer that has begun to come. ConnectionError where none does."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, body = got.split(b"\r\n\r\n", 1)
        if (length := re.search(rb"content-length:\s*(\d+)", head, re.I)) is not None:
            while len(body) < int(length.group(1)):
                body += self._more()
        elif re.search(rb"transfer-encoding:\s*chunked", head, re.I):
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        return int(head.split()[1]), body

    def post(self, bot: str, body: bytes) -> bytes:
        """Publish and wait. The answer's body."""
        self.send(bot, body)
        status, answer = self.answer()
        if not 200 <= status < 300:
            raise ConnectionError(f"{self.server.peer.name} answered {status}: {answer[:200]!r}")
        return answer

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> bytes:
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError(f"{self.server.peer.name} closed a publisher's connection")
        return part
