"""How events get onto the bus from where nothing but the bus orders them: POST /events.

With one process that is its own memory, and nothing waits; over several processes it is Redis
(``services.bus.redis``), whose answer is waited for.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from services.bus.event_bus import EventBus
from services.bus.events import Event
from services.bus.idempotency import IdempotencyKeys


class Publisher(Protocol):
    async def publish(
        self, events: Sequence[Event], *, sub: str = "", key: str | None = None, body: bytes = b""
    ) -> list[str]:
        """Publish all of these events, in this order, or none. Their ids, in the same order.

        A ``key`` that this ``sub`` used within the history window answers with the ids of then
        and publishes nothing; Conflict where ``body`` was another. Unavailable within 2 s where
        the bus does not answer: whether the events are published is open then, and only the same
        key shows.
        """
        ...


class LocalPublisher:
    """Onto the bus of this process, at once."""

    def __init__(self, bus: EventBus, keys: IdempotencyKeys) -> None:
        self._bus = bus
        self._keys = keys

    async def publish(
        self, events: Sequence[Event], *, sub: str = "", key: str | None = None, body: bytes = b""
    ) -> list[str]:
        # Nothing is awaited in here: a retry beside this one finds the key.
        ids = self._keys.find(sub, key, body) if key is not None else None
        if ids is None:
            ids = self._bus.publish_all(events)
            if key is not None:
                self._keys.remember(sub, key, body, ids)
        return ids


class Row(msgspec.Struct, frozen=True):
    """One row of ``unpublished``: an event, and what it is known by over all its retries.

    ``key`` is the row's id behind the id of its store (``marks.store``), so that another store's
    rows, or those of a backup that was put back, are never taken for it.
    """

    key: str
    event: Event


class SharedPublisher(Publisher, Protocol):
    """What a store of several processes publishes through. The order of the calls is kept."""

    async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
        """Publish these rows in this order; one that was published already, with the id of then.

        All of them, or none. Their ids in the order of the rows. Unavailable within 2 s where
        Redis does not answer: call again with the same rows (and those after them behind it)
        until it does. A row's key is remembered for the history window, and 10 minutes at least.
        Not to be called for one bot from two places at once: who holds the bot's lock calls.
        """
        ...

    def post(self, event: Event) -> None:
        """Publish what nothing in the store stands for, a QR code or typing. Waits for nothing.

        It keeps its place among the other calls; where Redis is away it is lost.
        """
        ...

    def cursor(self) -> str:
        """The id of the newest event this process has got from Redis. No round trip; any thread.

        Read before a snapshot, it is a cursor for it: what came after it may be in the snapshot
        already, and nothing that is missing in the snapshot came before it.
        """
        ...
