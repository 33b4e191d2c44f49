"""Change, then tell: the one place where a commit becomes an event.

What fails to commit is never announced, and what was committed is announced even where the
caller is cancelled meanwhile. A snapshot's cursor is exactly that of the state it shows: the
snapshot and the events after its cursor make the next snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.bus.events import Event
from services.store import Database
from services.store.schema import bots
from services.store.to_the_end import to_the_end


class Bus(Protocol):
    """Where events go. Nothing here waits."""

    def publish_all(self, events: Sequence[Event], /) -> list[str]: ...

    def cursor(self) -> str: ...


class Change:
    """A transaction under way, with what is to be told once it is committed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.told: list[Event] = []
        self.effects: list[Callable[[], None]] = []

    def tell(self, event: Event) -> None:
        """Publish this once the change is committed, in the order of the calls."""
        self.told.append(event)

    def then(self, effect: Callable[[], None]) -> None:
        """Call this between the commit and the events: what is kept in memory, above all."""
        self.effects.append(effect)


class Ledger:
    """The store and the bus behind one lock."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Change]:
        """A change of the store: committed and told at the end of the block, or neither."""
        async with self._lock, self._database.writing() as connection:
            change = Change(connection)
            yield change
            await to_the_end(self._commit(change))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[tuple[AsyncConnection, str]]:
        """A view of the store as of now, and the cursor that view belongs to.

        Only the beginning waits for a change under way; the reading itself holds nobody up.
        """
        async with self._database.reading() as connection:
            async with self._lock:
                # The view is fixed by the first read, not by BEGIN.
                await connection.execute(select(bots.c.id).limit(1))
                cursor = self._bus.cursor()
            yield connection, cursor

    def tell(self, event: Event) -> None:
        """Publish what nothing in the store stands for: a QR code, typing."""
        self._bus.publish_all([event])

    def cursor(self) -> str:
        """The id of the newest event, for a snapshot of what is kept in memory."""
        return self._bus.cursor()

    async def _commit(self, change: Change) -> None:
        await change.connection.commit()
        for effect in change.effects:
            effect()
        if change.told:
            self._bus.publish_all(change.told)
