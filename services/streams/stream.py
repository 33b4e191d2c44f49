"""One open stream: the protocol of a connection, from its first byte to its last.

Its coroutine is the only writer of the connection while anything waits; on an idle stream the
bus writes through the outlet. Whatever ends it wakes that coroutine, and ``with`` gives back
what it holds.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable
from types import TracebackType
from typing import Protocol

from tornado.iostream import IOStream

from services.access.tokens import Claims
from services.bus.block import Block
from services.bus.control_events import Closing, Connected, ControlEvent, Gap, TokenExpiring
from services.bus.event_bus import EventBus
from services.bus.replay import NOTHING
from services.bus.sse import BLOCK_BYTES, control_frame
from services.bus.subscription import CloseReason, Remainder, Subscription
from services.streams.outlet import Outlet, prepare_socket
from services.timestamps import iso

EXPIRY_WARNING_SECONDS = 60


class Response(Protocol):
    """The answer a stream is written to; Tornado's ``RequestHandler`` is one."""

    def write(self, chunk: bytes) -> None: ...

    def flush(self) -> Awaitable[None]: ...

    def finish(self, chunk: bytes) -> Awaitable[None]: ...


class Register(Protocol):
    """Where open streams are kept; ``writing`` holds those in the middle of a write."""

    bus: EventBus
    heartbeat: float
    retry_ms: int
    come_back_ms: tuple[int, int]
    write_timeout: float
    writing: "dict[Stream, None]"

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    def enter(self, stream: "Stream") -> None: ...

    def leave(self, stream: "Stream") -> None: ...


class Stream:
    """``with`` it, ``begin`` it, ``run`` it to its end. Made by ``Streams.open``."""

    __slots__ = (
        "_ends_at",
        "_owner",
        "_timer",
        "_warned",
        "claims",
        "closing_since",
        "id",
        "iostream",
        "outlet",
        "since",
        "slot",
        "subscription",
        "writing_since",
    )

    def __init__(
        self,
        owner: Register,
        claims: Claims,
        subscription: Subscription,
        iostream: IOStream,
        *,
        chunked: bool,
    ) -> None:
        # Not a secret: who may end or renew a stream is asked of its claims. Of the kernel's
        # entropy it would cost 2 % of opening a stream.
        self.id = f"{random.getrandbits(96):024x}"
        self.claims = claims
        self.subscription = subscription
        self.iostream = iostream
        self.outlet = Outlet(iostream, chunked=chunked)
        self.since = time.time()
        self.writing_since: float | None = None
        self.closing_since: float | None = None
        self.slot = -1
        self._owner = owner
        # Loop time at which it is too old.
        self._ends_at = math.inf
        self._warned = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> "Stream":
        self._owner.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.subscription.close("gone")
        if self._timer is not None:
            self._timer.cancel()
        self._owner.leave(self)

    @property
    def cursor(self) -> str:
        """The cursor this stream has reached."""
        return self._owner.bus.cursor_at(self.subscription.seq)

    async def begin(self, response: Response) -> None:
        """Write the head of the answer, how each bot begins, and what was missed if it fits in."""
        prepare_socket(self.iostream, self._owner.write_timeout)
        subscription = self.subscription
        opening, block = b"".join(self._opening()), subscription.replay.block
        if block is not None and len(opening) + len(block.data) <= BLOCK_BYTES:
            await self._write(response, opening, block.data)
            subscription.advance(block.seq)
            subscription.replay = NOTHING
        else:
            await self._write(response, opening)
        subscription.starts = ()

    async def run(self, response: Response) -> None:
        """Write what was missed, then what comes, and at the end why it ends."""
        subscription = self.subscription
        if subscription.replay:
            await self._replay(response)
        while (item := await subscription.next(self.outlet)) is not None:
            match item:
                case Block():
                    await self._write(response, item.data)
                    subscription.advance(item.seq)
                    self._owner.bus.wrote(item)
                case Remainder():
                    self._begin_write()
                    await self.iostream.write(item.data)
                    self._end_write()
                    subscription.advance(item.seq)
                case ControlEvent():
                    await self._write(response, control_frame(item, cursor=self.cursor))
        await self._farewell(response)

    def close(self, reason: CloseReason) -> None:
        """End it; the client gets the reason, unless it takes no bytes."""
        if self.subscription.closing is None:
            self.closing_since = time.monotonic()
        self.subscription.close(reason)

    def abort(self) -> None:
        """Drop the connection of a client that takes nothing; the coroutine wakes."""
        self.iostream.close()

    def renew(self, claims: Claims) -> None:
        """Go on under a newer token."""
        self.claims = claims
        self._warned = False
        self.set_timer()

    def end_by_age(self, max_age: float) -> None:
        """End after so many seconds, 25 % more or less; 0: never. And with its token."""
        if max_age > 0:
            self._ends_at = self._owner.loop.time() + max_age * random.uniform(0.75, 1.25)
        self.set_timer()

    def set_timer(self) -> None:
        """Come back when something is due: the warning, the token's end, the end by age.

        Tokens end by the wall clock: called again whenever that has been set.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due, loop = self._ends_at, self._owner.loop
        if self.claims.exp is not None:
            left = self.claims.exp - time.time()
            due = min(due, loop.time() + left - (0 if self._warned else EXPIRY_WARNING_SECONDS))
        if due < math.inf:
            self._timer = loop.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        exp = self.claims.exp
        if exp is not None:
            left = exp - time.time()
            if left <= 0:
                self.close("token-expired")
                return
            if left <= EXPIRY_WARNING_SECONDS and not self._warned:
                self._warned = True
                expiring = TokenExpiring(stream_id=self.id, expires_at=iso(exp))
                self.subscription.announce(expiring)
        if self._owner.loop.time() >= self._ends_at:
            self.close("renew")
            return
        self.set_timer()

    def _opening(self) -> list[bytes]:
        owner, starts, cursor = self._owner, self.subscription.starts, self.cursor
        retry_ms: int | None = int(owner.retry_ms * random.uniform(0.75, 1.25))
        frames = []
        for start in starts:
            connected = Connected(
                bot_id=start.bot_id,
                stream_id=self.id,
                resumed=start.resumed,
                heartbeat_seconds=owner.heartbeat,
            )
            frames.append(control_frame(connected, cursor=cursor, retry_ms=retry_ms))
            retry_ms = None
        for start in starts:
            if start.gap is not None:
                gap = Gap(bot_id=start.bot_id, reason=start.gap, after=start.after)
                frames.append(control_frame(gap, cursor=cursor))
        return frames

    async def _replay(self, response: Response) -> None:
        subscription = self.subscription
        for block in subscription.replay.blocks():
            if subscription.closing is not None:
                return
            await self._write(response, block.data)
            subscription.advance(block.seq)
        subscription.replay = NOTHING

    async def _farewell(self, response: Response) -> None:
        reason = self.subscription.closing
        if reason is None or reason == "gone" or reason == "timeout":
            return
        retry_ms = random.randint(*self._owner.come_back_ms)
        closing = control_frame(Closing(reason=reason), cursor=self.cursor, retry_ms=retry_ms)
        self._begin_write()
        await response.finish(closing)

    async def _write(self, response: Response, *parts: bytes) -> None:
        self._begin_write()
        for part in parts:
            response.write(part)
        await response.flush()
        self._end_write()

    def _begin_write(self) -> None:
        self.writing_since = time.monotonic()
        self._owner.writing[self] = None

    def _end_write(self) -> None:
        self.outlet.last_write = time.monotonic()
        self.writing_since = None
        self._owner.writing.pop(self, None)
