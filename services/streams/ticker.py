"""What is done for all streams together, ten times a second: heartbeats and write timeouts.

Each stream has its place in a wheel of slots, one of which is visited a tick: a heartbeat costs
what its own slot holds, and no stream has a timer for it.
"""

import asyncio
import time
from collections.abc import Collection

from services.bus.event_bus import EventBus
from services.bus.sse import chunk, ping_frame
from services.bus.subscription import Remainder
from services.streams.stream import Stream

TICK_SECONDS = 0.1
# How long a client that takes nothing may hold up the end of a stream it may not have.
FAREWELL_SECONDS = 1.0
SWEEP_SECONDS = 5.0
# A tick that comes later than this was not late because of other work.
STANDSTILL_SECONDS = 0.5
# Beyond this the wall clock was set: NTP slews it by 0.5 ms a second at most.
CLOCK_SET_SECONDS = 0.25


class Ticker:
    """``heartbeat``, ``write_timeout`` in seconds; ``writing`` are those amid a write."""

    def __init__(self, bus: EventBus, heartbeat: float, write_timeout: float) -> None:
        self.writing: dict[Stream, None] = {}
        self._bus = bus
        self._write_timeout = write_timeout
        slots = max(1, round(heartbeat / TICK_SECONDS))
        self._slots: list[dict[Stream, None]] = [{} for _ in range(slots)]
        self._slot = 0
        self._tick = heartbeat / slots
        self._timer: asyncio.TimerHandle | None = None
        self._streams: Collection[Stream] = ()
        # The wall clock less the loop's.
        self._clock_offset = 0.0
        self._swept_at = 0.0

    def start(self, loop: asyncio.AbstractEventLoop, streams: Collection[Stream]) -> None:
        """Begin to tick; ``streams`` are all there are, as they come and go."""
        self._streams = streams
        self._clock_offset = time.time() - loop.time()
        due = loop.time() + self._tick
        self._timer = loop.call_at(due, self._on_tick, loop, due)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def enter(self, stream: Stream) -> None:
        """Its first heartbeat comes a whole one from now."""
        stream.slot = self._slot - 1
        self._slots[stream.slot][stream] = None

    def leave(self, stream: Stream) -> None:
        self._slots[stream.slot].pop(stream, None)
        self.writing.pop(stream, None)

    def _on_tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        # Paced by the plan, not by when the loop came round; a long stop is not made up for.
        following = max(due + self._tick, loop.time() + self._tick / 2)
        self._timer = loop.call_at(following, self._on_tick, loop, following)
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
        self._heed_wall_clock(loop)
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            self._bus.history.sweep(now)

    def _ping(self, slot: dict[Stream, None]) -> None:
        # All idle streams have reached the same cursor; one that has something waiting gets
        # that instead, and its write timeout watches it.
        reached = self._bus.flushed_seq()
        frame = ping_frame(self._bus.cursor_at(reached))
        framed = chunk(frame)
        for stream in tuple(slot):
            if stream.subscription.sink is not None:
                rest = stream.outlet.send(framed if stream.outlet.chunked else frame)
                if rest:
                    stream.subscription.put_remainder(Remainder(rest, reached))

    def _heed_wall_clock(self, loop: asyncio.AbstractEventLoop) -> None:
        # Tokens end by it, timers don't; and it can be set.
        offset = time.time() - loop.time()
        if abs(offset - self._clock_offset) > CLOCK_SET_SECONDS:
            self._clock_offset = offset
            for stream in self._streams:
                stream.set_timer()

    def _extend_write_deadlines(self, seconds: float) -> None:
        # This process stood still: what a client took meanwhile has not been looked at yet.
        for stream in self.writing:
            if stream.writing_since is not None:
                stream.writing_since += seconds

    def _drop_stuck(self, now: float) -> None:
        for stream in tuple(self.writing):
            since = stream.writing_since
            if since is not None and now - since > self._write_timeout:
                stream.subscription.close("timeout")
                stream.abort()
            elif (
                stream.subscription.closing in ("revoked", "token-expired")
                and stream.closing_since is not None
                and now - stream.closing_since > FAREWELL_SECONDS
            ):
                stream.abort()
