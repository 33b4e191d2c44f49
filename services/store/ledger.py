"""The one place where a change of the store becomes events: commit, then publish.

What fails to commit is never announced; what was committed is announced. Snapshots carry a cursor:
a snapshot and the events after its cursor make a later snapshot.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from services.bus.events import Event
from services.errors import Unavailable
from services.store.database import READERS, UNAVAILABLE, Database
from services.store.group_commit import Change

__all__ = ["Change", "Ledger"]

READ_SECONDS = 2.0  # a reader's wait and work
CHANGE_SECONDS = 5.0  # a change's wait for its turn
# Read from a table: a file that is damaged answers SELECT 1 as well.
ANSWER = "SELECT version_num FROM alembic_version"

F = TypeVar("F")
R = TypeVar("R")
T = TypeVar("T")


class Ledger(ABC):
    """The store and the bus. Transactions are plain functions, run on the store's threads.

    A function runs to its end on its thread: it may touch its connection and what it was given,
    and nothing that belongs to the loop. ``Unavailable`` where the store can't be reached, or
    where a reader waited ``READ_SECONDS`` and a change ``CHANGE_SECONDS``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closed = False
        # Of the state the store was left in, where something else is kept that belongs to it: known
        # once it is closed (``mark``).
        self.mark = ""
        # A reader's thread always has its connection.
        self._readers = ThreadPoolExecutor(READERS, "store-reader")

    @abstractmethod
    async def open(self) -> None:
        """Make or migrate the store. StoreUnusable or Unavailable where that can't be."""

    @abstractmethod
    async def close(self) -> None:
        """Commit what waits, and let every connection and thread go."""

    @abstractmethod
    async def change(
        self,
        function: Callable[[Change], T],
        *,
        bot: str | None = None,
        session: str | None = None,
    ) -> T:
        """A change of the store: committed and published, or neither. What ``function`` returns.

        ``bot``, or else ``session``, is whose change it is: over several processes those of one
        bot are made one after the other. They are made in the order of the calls, also where a
        caller is cancelled meanwhile.
        """

    async def read(self, function: Callable[[Connection], T]) -> T:
        """What ``function`` finds in one view of the store, as of about now."""
        return await self._on_a_reader(self._read, function)

    async def snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        """What ``function`` finds in the store as of now, and a cursor for that state."""
        return await self._on_a_reader(self._snapshot, function)

    async def answers(self) -> bool:
        """Whether the store can be read right now."""
        try:
            await self.read(lambda connection: connection.exec_driver_sql(ANSWER).scalar())
        except Unavailable:
            return False
        return True

    @abstractmethod
    def publish(self, event: Event) -> None:
        """Publish what nothing in the store stands for: a QR code, typing."""

    @abstractmethod
    def cursor(self) -> str:
        """The id of the newest event, for a snapshot of what is kept in memory."""

    @abstractmethod
    def _snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        """On a reader's thread."""

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._database.reading() as connection:
            return function(connection)

    async def _on_a_reader(self, work: Callable[[F], R], function: F) -> R:
        if self._closed:
            raise Unavailable(UNAVAILABLE)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await loop.run_in_executor(self._readers, work, function)
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None
