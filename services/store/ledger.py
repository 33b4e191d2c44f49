"""Commit, then publish: the one place where a change of the store becomes events.

What fails to commit is never announced, and what was committed is announced even where the
caller is cancelled meanwhile. A snapshot's cursor is exactly that of the state it shows: the
snapshot and the events after its cursor make the next snapshot.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from services.bus.events import Event
from services.errors import Unavailable
from services.store import mark
from services.store.database import READERS, UNAVAILABLE, Database
from services.store.group_commit import GROUP, Attempt, Change, commit

__all__ = ["Change", "Ledger"]

READ_SECONDS = 2.0  # a reader's wait and work
CHANGE_SECONDS = 5.0  # a change's wait for its turn
_CHECK_SECONDS = 0.5
# Read from a table: a file that is damaged answers SELECT 1 as well.
ANSWER = "SELECT version_num FROM alembic_version"

F = TypeVar("F")
R = TypeVar("R")
T = TypeVar("T")
log = logging.getLogger(__name__)


class Bus(Protocol):
    """Where events go. Nothing here waits."""

    def publish_all(self, events: Sequence[Event], /) -> list[str]: ...

    def cursor(self) -> str: ...


class _Waiting(Attempt):
    __slots__ = ("future", "since")

    def __init__(
        self, function: Callable[[Change], Any], future: asyncio.Future[Any], since: float
    ) -> None:
        super().__init__(function)
        self.future = future
        self.since = since


class Ledger:
    """The store and the bus. One thread writes, a few read; transactions are plain functions.

    A function runs to its end on its thread: it may touch its connection and what it was given,
    and nothing that belongs to the loop. ``Unavailable`` where the store can't be reached, or
    where a reader waited ``READ_SECONDS`` and a change ``CHANGE_SECONDS``.
    """

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        # Of the state the store was left in; known once it is closed.
        self.mark = ""
        # Held from right before a commit until its events are published, and by a snapshot from
        # its first statement until it has read the cursor. Nothing else is locked inside it.
        self._gate = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._committing = False
        self._expiry: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        self._closed = False
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(READERS, "store-reader")

    async def open(self) -> None:
        """Make or migrate the store. StoreUnusable or Unavailable where that can't be."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._database.open)

    async def close(self) -> None:
        """Commit what waits, and let every connection and thread go."""
        self._closed = True
        while self._committing:
            self._settled.clear()
            await self._settled.wait()
        if self._expiry is not None:
            self._expiry.cancel()
        await asyncio.get_running_loop().run_in_executor(self._writer, self._shut_down)
        self._writer.shutdown()

    async def change(self, function: Callable[[Change], T]) -> T:
        """A change of the store: committed and published, or neither. What ``function`` returns.

        Changes are made in the order of the calls, also where a caller is cancelled meanwhile.
        """
        if self._closed:
            raise Unavailable(UNAVAILABLE)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Waiting(function, future, loop.time()))
        if not self._committing:
            self._commit_waiting()
        elif self._expiry is None:
            self._expiry = loop.call_later(_CHECK_SECONDS, self._expire)
        return await future

    async def read(self, function: Callable[[Connection], T]) -> T:
        """What ``function`` finds in one view of the store, as of about now."""
        return await self._on_a_reader(self._read, function)

    async def snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        """What ``function`` finds in the store as of now, and the cursor that state belongs to.

        Only the beginning waits for a commit under way; the reading itself holds nobody up.
        """
        return await self._on_a_reader(self._snapshot, function)

    async def answers(self) -> bool:
        """Whether the store can be read right now."""
        try:
            await self.read(lambda connection: connection.exec_driver_sql(ANSWER).scalar())
        except Unavailable:
            return False
        return True

    def publish(self, event: Event) -> None:
        """Publish what nothing in the store stands for: a QR code, typing."""
        self._bus.publish_all([event])

    def cursor(self) -> str:
        """The id of the newest event, for a snapshot of what is kept in memory."""
        return self._bus.cursor()

    def _commit_waiting(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        self._committing = True
        self._writer.submit(self._commit, group, asyncio.get_running_loop())

    def _commit(self, group: list[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        """On the writer's thread."""
        held = False

        def gate() -> None:
            nonlocal held
            held = self._gate.acquire()

        reached = commit(self._database, group, gate)
        loop.call_soon_threadsafe(self._settle, group, held, reached)

    def _settle(self, group: list[_Waiting], held: bool, reached: bool) -> None:
        try:
            for waiting in group:
                if waiting.error is None and waiting.change is not None:
                    self._publish(waiting.change)
        finally:
            if held:
                self._gate.release()
        for waiting in group:
            _resolve(waiting)
        if not reached:
            # What waits behind would only wait as long again.
            self._give_up()
        if self._waiting:
            self._commit_waiting()
        else:
            self._committing = False
            self._settled.set()

    def _publish(self, change: Change) -> None:
        for callback in change.callbacks:
            try:
                callback()
            except Exception:
                log.exception("A callback of a committed change failed")
        if change.events:
            self._bus.publish_all(change.events)

    def _expire(self) -> None:
        self._expiry = None
        loop = asyncio.get_running_loop()
        if self._waiting and loop.time() - self._waiting[0].since > CHANGE_SECONDS:
            self._give_up()
        if self._waiting:
            self._expiry = loop.call_later(_CHECK_SECONDS, self._expire)

    def _give_up(self) -> None:
        # All of them: whoever tries again does so in the order of before.
        while self._waiting:
            waiting = self._waiting.popleft()
            waiting.error = Unavailable(UNAVAILABLE)
            _resolve(waiting)

    async def _on_a_reader(self, work: Callable[[F], R], function: F) -> R:
        if self._closed:
            raise Unavailable(UNAVAILABLE)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await loop.run_in_executor(self._readers, work, function)
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._database.reading() as connection:
            return function(connection)

    def _snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        # A reader's thread always has its connection: the gate is the only thing it waits for.
        with self._database.reading() as connection:
            if not self._gate.acquire(timeout=READ_SECONDS):
                raise Unavailable(UNAVAILABLE)
            try:
                # The view is fixed by the first read of a table, not by BEGIN.
                connection.exec_driver_sql("SELECT 1 FROM bots LIMIT 1").close()
                cursor = self._bus.cursor()
            finally:
                self._gate.release()
            return function(connection), cursor

    def _shut_down(self) -> None:
        self._readers.shutdown()
        with contextlib.suppress(Unavailable, DatabaseError):
            self.mark = self._read(mark.read)
        self._database.close()


def _resolve(waiting: _Waiting) -> None:
    if waiting.future.done():  # its caller was cancelled
        return
    if waiting.error is None:
        waiting.future.set_result(waiting.result)
    else:
        waiting.future.set_exception(waiting.error)
