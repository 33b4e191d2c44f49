"""What the store and POST /events publish through where Redis is the bus: the interface.

The order of the calls is the order of the events, also where calls wait beside each other: one
sender takes whatever waits and hands it to one script.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from services.bus.events import Event
from services.bus.publisher import Publisher


class Row(msgspec.Struct, frozen=True):
    """One row of ``unpublished``: an event, and what it is known by over all its retries.

    ``key`` is the row's id behind the id of its store (``marks.store``), so that another store's
    rows, or those of a backup that was put back, are never taken for it.
    """

    key: str
    event: Event


class SharedPublisher(Publisher, Protocol):
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

        It keeps its place among the calls of ``publish_rows``; where Redis is away it is lost.
        """
        ...

    def cursor(self) -> str:
        """The id of the newest event this process has got from Redis. No round trip; any thread.

        Read before a snapshot, it is a cursor for it: what came after it may be in the snapshot
        already, and nothing that is missing in the snapshot came before it.
        """
        ...
