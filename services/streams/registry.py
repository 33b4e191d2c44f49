"""The open streams: who they are, how long they may live, and what goes to all of them.

Every stream holds its place by ``with`` and gives it back exactly once. One ticker serves all
heartbeats and write timeouts; what a stream has of its own is one timer for its next deadline.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tornado.iostream import IOStream

from services.access.tokens import Claims
from services.bus.control_events import Closing, RefusalReason
from services.bus.event_bus import EventBus
from services.bus.sse import control_frame
from services.errors import Conflict, Forbidden, NotFound, Unavailable
from services.streams.stream import Stream
from services.streams.ticker import Ticker
from services.timestamps import iso

# Who was refused comes back after so long.
REFUSED_MS = (15_000, 30_000)
# What a shutdown keeps for all that comes after its streams.
LAST_SECONDS = 1.0


def soft_refusal(reason: RefusalReason) -> bytes:
    """The whole body for a user who can't have a stream now.

    Never a status: every browser's EventSource dies for good of any but 200.
    """
    return control_frame(Closing(reason=reason), retry_ms=random.randint(*REFUSED_MS))


class Streams:
    """All open streams of this process. Times in seconds.

    Clients that are let go come back after ``come_back_ms``, each after a time of its own.
    ``join`` fetches from elsewhere what the bus needs for a stream; Unavailable where it can't.
    ``count_elsewhere`` says how many streams a user has in other processes, as of a moment ago;
    ``recount`` asks them.
    """

    def __init__(
        self,
        bus: EventBus,
        *,
        heartbeat: float = 30.0,
        retry_ms: int = 2000,
        write_timeout: float = 20.0,
        max_streams: int = 20_000,
        max_per_user: int = 50,
        max_age: float = 3600.0,
        come_back_ms: tuple[int, int] = (1000, 5000),
        join: Callable[[Iterable[str], str | None], Awaitable[None]] | None = None,
        count_elsewhere: Callable[[str], int] = lambda sub: 0,
        recount: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.bus = bus
        self.heartbeat = heartbeat
        self.retry_ms = retry_ms
        self.write_timeout = write_timeout
        self.max_streams = max_streams
        self.max_per_user = max_per_user
        self.max_age = max_age
        self.come_back_ms = come_back_ms
        self._join = join
        self._count_elsewhere = count_elsewhere
        self._recount = recount
        self.draining = False
        self.opened = 0
        self.closed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._ticker = ticker = Ticker(bus, heartbeat, write_timeout)
        # Those in the middle of a write, for the ticker to watch.
        self.writing = ticker.writing
        self._streams: dict[str, Stream] = {}
        self.per_user: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._emptied: asyncio.Event | None = None

    def start(self) -> None:
        """Begin to tick. Needs a running loop."""
        self._ticker.start(self.loop, self._streams.values())

    def stop(self) -> None:
        self._ticker.stop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that all streams run on."""
        # asyncio's own answer costs a system call on Python 3.11.
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def __len__(self) -> int:
        return len(self._streams)

    def refusal(self, sub: str) -> RefusalReason | None:
        """Why this user can't have a stream now; None where one may be opened."""
        return self._counted(self._reason(sub))

    @property
    def prepares(self) -> bool:
        """Whether ``prepare`` is needed before ``open``, instead of ``refusal``."""
        return self._join is not None

    async def prepare(
        self, sub: str, bots: Iterable[str], last_event_id: str | None
    ) -> RefusalReason | None:
        """Have at hand what such a stream needs, to ``open`` it without awaiting anything then.

        Why this user can't have it now; None where it may be opened.
        """
        assert self._join is not None
        reason = self._reason(sub)
        if reason in ("shutdown", "overloaded"):
            return self._counted(reason)
        try:
            await self._join(bots, last_event_id)
        except Unavailable:
            return self._counted("overloaded")
        if self._reason(sub) == "too-many-streams" and self._recount is not None:
            # Who comes over from another process may still be counted there.
            await self._recount(sub)
        return self.refusal(sub)

    def _reason(self, sub: str) -> RefusalReason | None:
        if self.draining:
            return "shutdown"
        if len(self._streams) >= self.max_streams:
            return "overloaded"
        if self.per_user[sub] + self._count_elsewhere(sub) >= self.max_per_user:
            return "too-many-streams"
        return None

    def _counted(self, reason: RefusalReason | None) -> RefusalReason | None:
        if reason is not None:
            self.refused[reason] += 1
        return reason

    def open(
        self,
        claims: Claims,
        bots: Iterable[str],
        last_event_id: str | None,
        iostream: IOStream,
        *,
        chunked: bool,
    ) -> Stream:
        """A stream of these bots, from right after ``last_event_id`` or from now; ``with`` it.

        Ask ``refusal`` first. ``chunked``: the response uses chunked transfer coding.
        """
        subscription = self.bus.subscribe(bots, last_event_id)
        return Stream(self, claims, subscription, iostream, chunked=chunked)

    def visible_to(self, claims: Claims) -> list[dict[str, Any]]:
        """Every stream for an admin, their own for everyone else, as ``GET /api/streams``."""
        now = time.monotonic()
        return [
            {
                "streamId": stream.id,
                "sub": stream.claims.sub,
                "bots": sorted(stream.subscription.bots),
                "since": iso(stream.since),
                "lastId": stream.cursor,
                "head": self.bus.cursor(),
                "queuedEvents": stream.subscription.waiting_events,
                "queuedBytes": stream.subscription.waiting_bytes,
                "lastWriteAge": round(now - stream.outlet.last_write, 3),
            }
            for stream in self._streams.values()
            if claims.admin or stream.claims.sub == claims.sub
        ]

    def queued_events(self) -> int:
        """How many events wait in all streams together."""
        return sum(stream.subscription.waiting_events for stream in self._streams.values())

    def end(self, stream_id: str, claims: Claims) -> None:
        """Revoke a stream. NotFound for what isn't there and for other people's."""
        stream = self._streams.get(stream_id)
        if stream is None or not (claims.admin or stream.claims.sub == claims.sub):
            raise NotFound("No such stream")
        stream.close("revoked")

    def renew(self, stream_id: str, claims: Claims) -> Stream:
        """Move a living stream to a newer token of the same ``sub``."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.claims.sub != claims.sub or stream.subscription.closing:
            raise NotFound("No such stream")
        if not all(claims.may(bot_id) for bot_id in stream.subscription.bots):
            raise Forbidden("This token does not cover every bot of the stream")
        old, new = stream.claims.exp, claims.exp
        if new is not None and (old is None or new < old):
            raise Conflict("This token ends earlier than the stream's")
        stream.renew(claims)
        return stream

    def recheck(self, still: Callable[[Claims], Claims | None]) -> None:
        """Rights have changed: end every stream that may no longer follow all its bots."""
        for stream in list(self._streams.values()):
            claims = still(stream.claims)
            if claims is None or not all(map(claims.may, stream.subscription.bots)):
                stream.close("revoked")
            else:
                stream.claims = claims

    async def drain(self, seconds: float) -> None:
        """End every stream with ``shutdown``, spread over the time, and wait until all are gone.

        What is still open after ``seconds`` takes no bytes and is dropped.
        """
        self.draining = True
        self._emptied = asyncio.Event()
        loop = self.loop
        limit = loop.time() + seconds
        # Some 1,000 a second, so that clients don't all come back to the next process at once.
        window = min(seconds / 2, len(self._streams) / 1000)
        for stream in list(self._streams.values()):
            when = loop.time() + random.uniform(0, window)
            loop.call_at(when, stream.close, "shutdown")
        if self._streams:
            try:
                async with asyncio.timeout_at(limit - min(LAST_SECONDS, seconds / 4)):
                    await self._emptied.wait()
            except TimeoutError:
                self.abort_all()

    def abort_all(self) -> None:
        """Drop every connection now."""
        for stream in list(self._streams.values()):
            stream.abort()

    def enter(self, stream: Stream) -> None:
        self._streams[stream.id] = stream
        self.per_user[stream.claims.sub] += 1
        self.opened += 1
        self._ticker.enter(stream)
        stream.end_by_age(self.max_age)

    def leave(self, stream: Stream) -> None:
        if self._streams.pop(stream.id, None) is None:
            return
        sub = stream.claims.sub
        self.per_user[sub] -= 1
        if self.per_user[sub] <= 0:
            del self.per_user[sub]
        self._ticker.leave(stream)
        self.closed[stream.subscription.closing or "gone"] += 1
        if not self._streams and self._emptied is not None:
            self._emptied.set()
