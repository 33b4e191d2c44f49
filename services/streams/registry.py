"""The open streams: who they are, how long they may live, and what goes to all of them.

Every stream holds its place by ``with`` and gives it back exactly once. One ticker serves all
heartbeats and write timeouts; what a stream has of its own is one timer for its next deadline.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tornado.iostream import IOStream

from services.access.tokens import Claims
from services.bus.control_events import Closing, RefusalReason
from services.bus.event_bus import EventBus
from services.bus.sse import chunk, control_frame, ping_frame
from services.bus.subscription import Remainder
from services.errors import Conflict, Forbidden, NotFound
from services.streams.stream import Stream
from services.timestamps import iso

TICK_SECONDS = 0.1
# How long a client that takes nothing may hold up the end of a stream it may not have.
FAREWELL_SECONDS = 1.0
SWEEP_SECONDS = 5.0
# Who was refused comes back after so long.
REFUSED_MS = (15_000, 30_000)
# What a shutdown keeps for all that comes after its streams.
LAST_SECONDS = 1.0
# A tick that comes later than this was not late because of other work.
STANDSTILL_SECONDS = 0.5
# Beyond this the wall clock was set: NTP slews it by 0.5 ms a second at most.
CLOCK_SET_SECONDS = 0.25


class Streams:
    """All open streams of this process. Times in seconds."""

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
    ) -> None:
        self.bus = bus
        self.heartbeat = heartbeat
        self.retry_ms = retry_ms
        self.write_timeout = write_timeout
        self.max_streams = max_streams
        self.max_per_user = max_per_user
        self.max_age = max_age
        self.draining = False
        self.opened = 0
        self.closed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.writing: dict[Stream, None] = {}
        self._streams: dict[str, Stream] = {}
        self._per_user: Counter[str] = Counter()
        slots = max(1, round(heartbeat / TICK_SECONDS))
        self._slots: list[dict[Stream, None]] = [{} for _ in range(slots)]
        self._slot = 0
        self._tick = heartbeat / slots
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        # The wall clock less the loop's.
        self._clock_offset = 0.0
        self._swept_at = 0.0
        self._emptied: asyncio.Event | None = None

    def start(self) -> None:
        """Begin to tick. Needs a running loop."""
        loop = self.loop
        self._clock_offset = time.time() - loop.time()
        self._timer = loop.call_later(self._tick, self._on_tick, loop.time() + self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

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
        reason: RefusalReason | None = None
        if self.draining:
            reason = "shutdown"
        elif len(self._streams) >= self.max_streams:
            reason = "overloaded"
        elif self._per_user[sub] >= self.max_per_user:
            reason = "too-many-streams"
        if reason is not None:
            self.refused[reason] += 1
        return reason

    def soft_refusal(self, sub: str) -> bytes | None:
        """The whole body for a user who can't have a stream now; None where one may be opened.

        Never a status: every browser's EventSource dies for good of any but 200.
        """
        reason = self.refusal(sub)
        if reason is None:
            return None
        return control_frame(Closing(reason=reason), retry_ms=random.randint(*REFUSED_MS))

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

        Ask ``soft_refusal`` first. ``chunked``: the response uses chunked transfer coding.
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
        self._per_user[stream.claims.sub] += 1
        self.opened += 1
        stream.slot = self._slot - 1  # visited last: a whole heartbeat from now
        self._slots[stream.slot][stream] = None
        stream.end_by_age(self.max_age)

    def leave(self, stream: Stream) -> None:
        if self._streams.pop(stream.id, None) is None:
            return
        sub = stream.claims.sub
        self._per_user[sub] -= 1
        if self._per_user[sub] <= 0:
            del self._per_user[sub]
        self._slots[stream.slot].pop(stream, None)
        self.writing.pop(stream, None)
        self.closed[stream.subscription.closing or "gone"] += 1
        if not self._streams and self._emptied is not None:
            self._emptied.set()

    def _on_tick(self, due: float) -> None:
        loop = self.loop
        # Paced by the plan, not by when the loop came round; a long stop is not made up for.
        following = max(due + self._tick, loop.time() + self._tick / 2)
        self._timer = loop.call_at(following, self._on_tick, following)
        slot = self._slots[self._slot]
        self._slot = (self._slot + 1) % len(self._slots)
        if slot:
            self._ping(slot)
        now = time.monotonic()
        late = loop.time() - due
        if self.writing:
            if late > STANDSTILL_SECONDS:
                self._extend_write_deadlines(late)
            self._drop_stuck(now)
        self._heed_wall_clock()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            self.bus.history.sweep(now)

    def _ping(self, slot: dict[Stream, None]) -> None:
        # All idle streams have reached the same cursor; one that has something waiting gets
        # that instead, and its write timeout watches it.
        reached = self.bus.flushed_seq()
        frame = ping_frame(self.bus.cursor_at(reached))
        framed = chunk(frame)
        for stream in tuple(slot):
            if stream.subscription.sink is not None:
                rest = stream.outlet.send(framed if stream.outlet.chunked else frame)
                if rest:
                    stream.subscription.put_remainder(Remainder(rest, reached))

    def _heed_wall_clock(self) -> None:
        # Tokens end by it, timers don't; and it can be set.
        offset = time.time() - self.loop.time()
        if abs(offset - self._clock_offset) > CLOCK_SET_SECONDS:
            self._clock_offset = offset
            for stream in self._streams.values():
                stream.set_timer()

    def _extend_write_deadlines(self, seconds: float) -> None:
        # This process stood still: what a client took meanwhile has not been looked at yet.
        for stream in self.writing:
            if stream.writing_since is not None:
                stream.writing_since += seconds

    def _drop_stuck(self, now: float) -> None:
        for stream in tuple(self.writing):
            since = stream.writing_since
            if since is not None and now - since > self.write_timeout:
                stream.subscription.close("timeout")
                stream.abort()
            elif (
                stream.subscription.closing in ("revoked", "token-expired")
                and stream.closing_since is not None
                and now - stream.closing_since > FAREWELL_SECONDS
            ):
                stream.abort()
