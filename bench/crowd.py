"""The readers: thousands of streams on one epoll loop, each delivery counted by its mark."""

import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.messages import MARK, Post
from bench.publisher import Publisher
from bench.server import Server

# So many connections are being opened at a time; the storm opens all at once.
WINDOW = 200
# A run whose streams get nothing for so long is over, and what is missing is lost.
PATIENCE_SECONDS = 15
# Closed with a reset: tens of thousands of closed connections leave no TIME_WAIT behind.
RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Reader:
    socket: socket.socket
    bot: str
    request: bytes
    open: bool = False
    head: bytes = b""
    got: int = 0


@dataclass(slots=True)
class Run:
    """What one series of posts did."""

    expected: int = 0
    got: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.expected - self.got


class Crowd:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.publishes_to = server
        self.epoll = select.epoll()
        self.readers: dict[int, Reader] = {}
        self.dropped = 0

    def open(
        self, bots: Iterable[str], *, window: int = WINDOW, last_event_id: str | None = None
    ) -> None:
        """One stream a bot named; returns when each has the head of its answer.

        ConnectionError where a stream is refused.
        """
        todo = deque(
            (bot, self.server.stream_request(bot, number, last_event_id))
            for number, bot in enumerate(bots)
        )
        expected = len(todo) + len(self.readers)
        opening = 0
        deadline = time.monotonic() + 120
        while todo or opening:
            while todo and opening < window:
                self._connect(*todo.popleft())
                opening += 1
            for fd, flags in self.epoll.poll(1):
                opening -= self._ready(fd, flags)
            if time.monotonic() > deadline or self.dropped:
                raise ConnectionError(
                    f"{self.server.peer.name}: {expected - opening - len(todo)} of {expected} open"
                )

    def settle(self, seconds: float) -> None:
        """Read what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for fd, flags in self.epoll.poll(left):
                self._ready(fd, flags)

    def wait(self, deliveries: int) -> int:
        """Read until each stream has so many; how many deliveries are still missing."""
        last = time.monotonic()
        missing = deliveries * len(self.readers) - sum(r.got for r in self.readers.values())
        while missing > 0 and time.monotonic() - last < PATIENCE_SECONDS:
            for fd, flags in self.epoll.poll(1):
                reader = self.readers[fd]
                before = reader.got
                self._ready(fd, flags)
                if reader.got != before:
                    missing -= reader.got - before
                    last = time.monotonic()
        return missing

    def deliver(self, posts: Iterable[Post], *, publishers: int = 1, rate: float = 0) -> Run:
        """Publish all of it, at so many a second (0: as fast as answers come), and read."""
        run = Run()
        for reader in self.readers.values():
            reader.got = 0
        published: dict[str, list[float]] = {}
        coming: Iterator[Post] = iter(posts)
        upcoming = next(coming, None)
        with self._publishers(publishers) as busy:
            idle = list(busy.values())
            begin = due = last = time.perf_counter()
            while upcoming or run.got < run.expected or len(idle) < len(busy):
                now = time.perf_counter()
                if now - last > PATIENCE_SECONDS:
                    break
                while upcoming and idle and now >= due:
                    published.setdefault(upcoming.bot, []).append(time.perf_counter())
                    idle.pop().send(upcoming.bot, upcoming.body)
                    run.expected += upcoming.deliveries
                    upcoming = next(coming, None)
                    due += 1 / rate if rate else 0
                paced = rate and upcoming and idle
                for fd, flags in self.epoll.poll(
                    max(0.0, due - time.perf_counter()) if paced else 1
                ):
                    if fd in busy:
                        status, answer = busy[fd].answer()
                        if not 200 <= status < 300:
                            raise ConnectionError(f"A post got {status}: {answer[:200]!r}")
                        idle.append(busy[fd])
                        continue
                    reader = self.readers[fd]
                    before = reader.got
                    self._ready(fd, flags)
                    if reader.got > before:
                        last = time.perf_counter()
                        run.got += reader.got - before
                        if rate and reader.bot in published:
                            times = published[reader.bot]
                            run.latencies += [last - at for at in times[before : reader.got]]
            run.seconds = last - begin
        return run

    def close(self) -> None:
        for reader in self.readers.values():
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            reader.socket.close()
        self.readers.clear()
        self.epoll.close()

    @contextmanager
    def _publishers(self, number: int) -> Iterator[dict[int, Publisher]]:
        made = [Publisher(self.publishes_to) for _ in range(number)]
        by_fd = {publisher.socket.fileno(): publisher for publisher in made}
        for fd in by_fd:
            self.epoll.register(fd, select.EPOLLIN)
        try:
            yield by_fd
        finally:
            for publisher in made:
                self.epoll.unregister(publisher.socket.fileno())
                publisher.close()

    def _connect(self, bot: str, request: bytes) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect_ex(("127.0.0.1", self.server.port))
        self.readers[connection.fileno()] = Reader(connection, bot, request)
        self.epoll.register(connection.fileno(), select.EPOLLOUT)

    def _ready(self, fd: int, flags: int) -> bool:
        """Take what is there. True where this made the stream open."""
        reader = self.readers[fd]
        if reader.request:
            if flags & (select.EPOLLERR | select.EPOLLHUP):
                self._drop(fd)
                return False
            reader.socket.send(reader.request)
            reader.request = b""
            self.epoll.modify(fd, select.EPOLLIN)
            return False
        try:
            part = reader.socket.recv(262_144)
        except BlockingIOError:
            return False
        except ConnectionError:
            part = b""
        if not part:
            self._drop(fd)
            return False
        reader.got += part.count(MARK)
        if reader.open:
            return False
        reader.head += part
        if b"\r\n\r\n" not in reader.head:
            return False
        if b" 200 " not in reader.head[:20]:
            raise ConnectionError(f"A stream got {reader.head[:300]!r}")
        reader.open, reader.head = True, b""
        return True

    def _drop(self, fd: int) -> None:
        self.dropped += 1
        self.epoll.unregister(fd)
        self.readers.pop(fd).socket.close()


@contextmanager
def crowd(server: Server) -> Iterator[Crowd]:
    made = Crowd(server)
    try:
        yield made
    finally:
        made.close()
