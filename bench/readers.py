"""Readers of snapshots: each on a connection of its own, asking again as soon as it is answered."""

import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.messages import Post
from bench.phone import admin_token
from bench.publisher import Publisher
from bench.server import Server

# Enough that a message goes out when it is due, also while others wait for their 202.
WRITERS = 32


class Reader(Publisher):
    """A connection that asks for snapshots."""

    def ask(self, target: str) -> None:
        self.socket.sendall(
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
            f"Authorization: Bearer {admin_token()}\r\n\r\n".encode()
        )

    def get(self, target: str) -> bytes:
        """Ask and wait. ConnectionError where the answer is not 200."""
        self.ask(target)
        status, body = self.answer()
        if status != 200:
            raise ConnectionError(f"GET {target} got {status}: {body[:200]!r}")
        return body


@dataclass
class Times:
    """Seconds from each question to its answer, and from each message to its 202.

    What had no answer at the end is there with the time that it had waited by then.
    """

    answers: list[float] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)


def read_beside(
    server: Server,
    targets: Callable[[], str],
    posts: Iterator[Post],
    *,
    readers: int,
    rate: float,
    seconds: float,
) -> Times:
    """``readers`` ask all the time, while ``rate`` messages a second arrive. ConnectionError."""
    times = Times()
    asking = [Reader(server) for _ in range(readers)]
    writers = [Publisher(server) for _ in range(WRITERS)]
    poll = select.epoll()
    by_fd: dict[int, Publisher] = {}
    since: dict[int, float] = {}
    for one in (*asking, *writers):
        by_fd[one.socket.fileno()] = one
        poll.register(one.socket.fileno(), select.EPOLLIN)
    idle = list(writers)
    for reader in asking:
        since[reader.socket.fileno()] = time.perf_counter()
        reader.ask(targets())
    due = begin = time.perf_counter()
    try:
        while (now := time.perf_counter()) < begin + seconds:
            # A message that has no connection free is late from when it was due.
            while idle and due <= now:
                writer, post = idle.pop(), next(posts)
                since[writer.socket.fileno()] = due
                writer.send(post.bot, post.body)
                due += 1 / rate
            for fd, _ in poll.poll(max(0.0, due - time.perf_counter()) if idle else 0.1):
                status, body = by_fd[fd].answer()
                if not 200 <= status < 300:
                    raise ConnectionError(f"Under load an answer was {status}: {body[:200]!r}")
                took = time.perf_counter() - since[fd]
                one = by_fd[fd]
                if isinstance(one, Reader):
                    times.answers.append(took)
                    since[fd] = time.perf_counter()
                    one.ask(targets())
                else:
                    times.messages.append(took)
                    idle.append(one)
        waited = {fd: time.perf_counter() - since[fd] for fd in since}
        times.answers += [waited[reader.socket.fileno()] for reader in asking]
        times.messages += [waited[w.socket.fileno()] for w in writers if w not in idle]
    finally:
        poll.close()
        for one in by_fd.values():
            one.close()
    return times
