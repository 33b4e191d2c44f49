"""How events get onto the bus from where nothing but the bus orders them: POST /events.

With one process that is its own memory, and nothing waits; over several processes it is Redis
(``services.bus.redis``), whose answer is waited for.
"""

from collections.abc import Sequence
from typing import Protocol

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
        key tells.
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
