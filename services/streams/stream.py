"""One open stream: how long it may live, what it is writing, how it ends."""

import asyncio
import random
import secrets
import time
from functools import partial
from types import TracebackType
from typing import Protocol

from tornado.iostream import IOStream

from services.access.tokens import Claims
from services.bus.control_events import TokenExpiring
from services.bus.subscription import CloseReason, Subscription
from services.streams.deadlines import Deadline, Deadlines
from services.streams.outlet import Outlet
from services.timestamps import iso

EXPIRY_WARNING_SECONDS = 60


class Register(Protocol):
    """Where open streams are kept; ``writing`` holds those in the middle of a write."""

    deadlines: Deadlines
    writing: "dict[Stream, None]"

    def enter(self, stream: "Stream") -> None: ...

    def leave(self, stream: "Stream") -> None: ...

    def cursor_at(self, seq: int) -> str: ...


class Stream:
    """One open stream. ``with`` it for as long as its handler runs."""

    __slots__ = (
        "_age",
        "_expiry",
        "_owner",
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
        self.id = secrets.token_urlsafe(12)
        self.claims = claims
        self.subscription = subscription
        self.iostream = iostream
        self.outlet = Outlet(iostream, chunked=chunked)
        self.since = time.time()
        self.writing_since: float | None = None
        self.closing_since: float | None = None
        self.slot = -1
        self._owner = owner
        self._age: Deadline | None = None
        self._expiry: tuple[Deadline, ...] = ()

    def __enter__(self) -> "Stream":
        self._owner.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.forget_deadlines()
        self._owner.leave(self)

    @property
    def cursor(self) -> str:
        """The cursor this stream has reached."""
        return self._owner.cursor_at(self.subscription.seq)

    def close(self, reason: CloseReason) -> None:
        """End it; its handler says why, unless the client takes no bytes."""
        if self.subscription.closing is None:
            self.closing_since = time.monotonic()
        self.subscription.close(reason)

    def abort(self) -> None:
        """Drop the connection of a client that takes nothing; its handler wakes."""
        self.iostream.close()

    def begin_write(self) -> None:
        self.writing_since = time.monotonic()
        self._owner.writing[self] = None

    def end_write(self) -> None:
        self.outlet.last_write = time.monotonic()
        self.writing_since = None
        self._owner.writing.pop(self, None)

    def set_deadlines(self, max_age: float) -> None:
        """End at the token's ``exp``, with a notice before; and by age."""
        if max_age > 0:
            end = asyncio.get_running_loop().time() + max_age * random.uniform(0.75, 1.25)
            self._age = self._owner.deadlines.at(end, partial(self.close, "renew"))
        self._expire_with_token()

    def renew(self, claims: Claims) -> None:
        """Go on under a newer token."""
        self.claims = claims
        self._forget_expiry()
        self._expire_with_token()

    def forget_deadlines(self) -> None:
        self._forget_expiry()
        if self._age is not None:
            self._age.cancel()

    def _forget_expiry(self) -> None:
        for deadline in self._expiry:
            deadline.cancel()
        self._expiry = ()

    def _expire_with_token(self) -> None:
        exp = self.claims.exp
        if exp is None:
            return
        end = asyncio.get_running_loop().time() + (exp - time.time())
        at = self._owner.deadlines.at
        self._expiry = (
            at(end - EXPIRY_WARNING_SECONDS, self._announce_expiry),
            at(end, partial(self.close, "token-expired")),
        )

    def _announce_expiry(self) -> None:
        exp = self.claims.exp
        if exp is not None:
            self.subscription.announce(TokenExpiring(stream_id=self.id, expires_at=iso(exp)))
