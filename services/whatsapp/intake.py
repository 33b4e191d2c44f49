"""From the gateway's sink to the services, bot by bot in the order things happened.

The sink never waits. A bot's events are taken one after the other; bots don't wait for each
other. Where the store is out of reach for a moment the event waits for it; one that can't be
dealt with is logged, and the next one is taken.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from services.errors import Unavailable
from services.whatsapp.gateway import GatewayEvent

log = logging.getLogger(__name__)

# Seconds between attempts, on top of the 5 s that SQLite itself waits for a lock.
PATIENCE = (0.2, 1.0, 5.0, 15.0)

Taker = Callable[[GatewayEvent], Awaitable[None]]


class Intake:
    """One queue a bot, and a task for as long as there is something in it."""

    def __init__(self) -> None:
        self._takers: Sequence[Taker] = ()
        self._waiting: dict[str, deque[GatewayEvent]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def open(self, *takers: Taker) -> None:
        """Every event goes to each of these, in this order."""
        self._takers = takers

    def feed(self, event: GatewayEvent) -> None:
        """The sink. What comes after ``close`` is dropped."""
        if self._closed:
            return
        if event.bot_id in self._waiting:
            self._waiting[event.bot_id].append(event)
            return
        self._waiting[event.bot_id] = deque([event])
        task = asyncio.ensure_future(self._consume(event.bot_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Return once all that was fed is dealt with."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, seconds: float = 5.0) -> None:
        """Deal with what has come, for this long at most, and take nothing more."""
        self._closed = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _consume(self, bot_id: str) -> None:
        waiting = self._waiting[bot_id]
        try:
            while waiting:
                event = waiting.popleft()
                for take in self._takers:
                    try:
                        await _patiently(take, event)
                    except Exception:
                        log.exception("Bot %s: %s is lost", bot_id, type(event).__name__)
        finally:
            del self._waiting[bot_id]


async def _patiently(take: Taker, event: GatewayEvent) -> None:
    for seconds in PATIENCE:
        try:
            return await take(event)
        except Unavailable as error:
            log.warning("Bot %s: %s waits: %s", event.bot_id, type(event).__name__, error)
            await asyncio.sleep(seconds)
    return await take(event)
