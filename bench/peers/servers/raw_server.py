"""The floor under every server in Python: epoll, the frame made once, one ``send`` a stream."""

import select
import socket
import sys
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class RawServer:
    def __init__(self, port: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener.fileno(), select.EPOLLIN)
        self.open: dict[int, socket.socket] = {}
        self.requests: dict[int, bytes] = {}
        self.streams: dict[str, dict[int, socket.socket]] = defaultdict(dict)

    def run(self) -> None:
        while True:
            for fd, _ in self.epoll.poll():
                if fd == self.listener.fileno():
                    self.accept()
                else:
                    self.read(fd)

    def accept(self) -> None:
        try:
            while True:
                connection, _ = self.listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.open[connection.fileno()] = connection
                self.epoll.register(connection.fileno(), select.EPOLLIN)
        except BlockingIOError:
            pass

    def read(self, fd: int) -> None:
        connection = self.open[fd]
        try:
            part = connection.recv(65_536)
        except ConnectionError:
            part = b""
        if not part:
            self.close(fd)
            return
        got = self.requests.pop(fd, b"") + part
        head, end, body = got.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if not end or len(body) < length:
            self.requests[fd] = got
            return
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split()
        bot = parse_qs(urlsplit(target).query).get("botId", [""])[0]
        if method == "GET":
            connection.send(HEAD)
            self.streams[bot][fd] = connection
        else:
            frame = b"data: " + body + b"\n\n"
            self.publish(bot, b"%x\r\n%b\r\n" % (len(frame), frame))
            connection.send(ACCEPTED)

    def publish(self, bot: str, chunk: bytes) -> None:
        for fd, connection in list(self.streams[bot].items()):
            try:
                connection.send(chunk)
            except OSError:
                self.close(fd)

    def close(self, fd: int) -> None:
        self.epoll.unregister(fd)
        self.open.pop(fd).close()
        self.requests.pop(fd, None)
        for streams in self.streams.values():
            streams.pop(fd, None)


if __name__ == "__main__":
    RawServer(int(sys.argv[1])).run()
