"""How often somebody may guess a password, and who waits for whom while it is checked.

Failures count for a minute: five for a name and an address, more for an address over all names.
A check costs some 50 ms of CPU, so one at a time is made for an address, and addresses take
turns, those without a failure first: a crowd of guesses from one place delays nobody elsewhere.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from services.errors import TooMany

SECONDS = 60.0
FAILURES = 5
# Of one address over all names: an office behind one address has its mistakes too.
FAILURES_OF_ADDRESS = 30
# Attempts that may wait: of one address, and in all. A check is 50 ms: that is 10 s of work.
WAITING_OF_ADDRESS = 20
WAITING = 200

_Key = tuple[str, str | None]


class SharedFailures(Protocol):
    """Failures counted over several processes, by name and address and by address alone."""

    async def wait(
        self, username: str, address: str, *, seconds: float, limits: tuple[int, int]
    ) -> float:
        """Seconds until another attempt is let in; 0: now, or it isn't known."""
        ...

    def failed(self, username: str, address: str, *, seconds: float) -> None:
        """One more, for so long. Nobody waits for it."""
        ...

    def succeeded(self, username: str, address: str) -> None:
        """Those of this name and address count no more. Nobody waits for it."""
        ...


class LoginAttempts:
    """``at_once``: how many checks run side by side. ``clock`` in seconds, monotonic.

    ``shared`` counts what fails in other processes, too.
    """

    def __init__(
        self,
        at_once: int,
        clock: Callable[[], float] = time.monotonic,
        shared: SharedFailures | None = None,
    ) -> None:
        self._free = at_once
        self._clock = clock
        self._shared = shared
        self._failed: deque[tuple[float, str, str]] = deque()
        self._counts: Counter[_Key] = Counter()
        # Who waits, by address; the next to have a turn first. Those being checked are in _busy.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._busy: set[str] = set()
        self._count = 0

    @asynccontextmanager
    async def turn(self, username: str, address: str) -> AsyncIterator[None]:
        """Wait for a turn to check a password. TooMany, with ``Retry-After``."""
        await self._refuse_everywhere(username, address)
        await self._wait(address)
        try:
            # What failed meanwhile counts.
            await self._refuse_everywhere(username, address)
            yield
        finally:
            self._free += 1
            self._busy.discard(address)
            self._next()

    def failed(self, username: str, address: str) -> None:
        """It was the wrong password, or there is nobody of that name."""
        self._failed.append((self._clock(), username, address))
        self._counts[address, username] += 1
        self._counts[address, None] += 1
        if self._shared is not None:
            self._shared.failed(username, address, seconds=SECONDS)

    def succeeded(self, username: str, address: str) -> None:
        """It was the right password: what failed before counts no more."""
        if self._counts[address, username]:
            self._failed = deque(one for one in self._failed if one[1:] != (username, address))
            self._counts[address, None] -= self._counts.pop((address, username))
        self._tidy((address, username), (address, None))
        if self._shared is not None:
            self._shared.succeeded(username, address)

    async def _refuse_everywhere(self, username: str, address: str) -> None:
        self._refuse(username, address)
        if self._shared is not None:
            limits = (FAILURES, FAILURES_OF_ADDRESS)
            seconds = await self._shared.wait(username, address, seconds=SECONDS, limits=limits)
            if seconds > 0:
                raise _too_many(seconds)

    def _refuse(self, username: str, address: str) -> None:
        now = self._clock()
        while self._failed and now - self._failed[0][0] >= SECONDS:
            _, name, place = self._failed.popleft()
            self._counts[place, name] -= 1
            self._counts[place, None] -= 1
            self._tidy((place, name), (place, None))
        limits: dict[str | None, int] = {username: FAILURES, None: FAILURES_OF_ADDRESS}
        for whose, limit in limits.items():
            if self._counts.get((address, whose), 0) >= limit:
                oldest = next(
                    at for at, n, a in self._failed if a == address and whose in (n, None)
                )
                raise _too_many(oldest + SECONDS - now)

    def _tidy(self, *keys: _Key) -> None:
        for key in keys:
            if self._counts[key] <= 0:
                del self._counts[key]

    async def _wait(self, address: str) -> None:
        mine = self._waiting.get(address, ())
        if len(mine) >= WAITING_OF_ADDRESS or self._count >= WAITING:
            raise _too_many(1)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(turn)
        self._count += 1
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free += 1
                self._busy.discard(address)
                self._next()
            raise

    def _next(self) -> None:
        """Give what is free to those who wait, one an address."""
        while self._free and (address := self._first()) is not None:
            waiting = self._waiting.pop(address)
            turn = waiting.popleft()
            self._count -= 1
            if waiting:
                self._waiting[address] = waiting  # behind the others
            if turn.cancelled():
                continue
            self._free -= 1
            self._busy.add(address)
            turn.set_result(None)

    def _first(self) -> str | None:
        ready = [address for address in self._waiting if address not in self._busy]
        clean = (address for address in ready if not self._counts.get((address, None)))
        return next(clean, ready[0] if ready else None)


def _too_many(seconds: float) -> TooMany:
    return TooMany(
        "Too many failed attempts; try again in a minute",
        headers={"Retry-After": str(max(1, round(seconds)))},
    )
