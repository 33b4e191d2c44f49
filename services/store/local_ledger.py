"""The ledger of a process that is alone: one thread writes, the events go onto its own bus.

What was committed is announced even where the caller is cancelled meanwhile. A snapshot's cursor
is exactly that of the state it shows: the snapshot and the events after its cursor make the next
snapshot.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from services.bus.events import Event
from services.errors import Unavailable
from services.store import mark
from services.store.database import UNAVAILABLE, Database
from services.store.group_commit import GROUP, Change, Waiting, commit, resolve
from services.store.ledger import CHANGE_SECONDS, READ_SECONDS, Ledger, T

_CHECK_SECONDS = 0.5


class Bus(Protocol):
    """Where events go. Nothing here waits."""

    def publish_all(self, events: Sequence[Event], /) -> list[str]: ...

    def cursor(self) -> str: ...


class LocalLedger(Ledger):
    """One thread writes, a few read."""

    def __init__(self, database: Database, bus: Bus) -> None:
        super().__init__(database)
        self._bus = bus
        # Held from right before a commit until its events are published, and by a snapshot from
        # its first statement until it has read the cursor. Nothing else is locked inside it.
        self._gate = threading.Lock()
        self._waiting: deque[Waiting] = deque()
        self._committing = False
        self._expiry: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        self._writer = ThreadPoolExecutor(1, "store-writer")

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, self._database.open)

    async def close(self) -> None:
        self._closed = True
        while self._committing:
            self._settled.clear()
            await self._settled.wait()
        if self._expiry is not None:
            self._expiry.cancel()
        await asyncio.get_running_loop().run_in_executor(self._writer, self._shut_down)
        self._writer.shutdown()

    async def change(
        self,
        function: Callable[[Change], T],
        *,
        bot: str | None = None,
        session: str | None = None,
    ) -> T:
        if self._closed:
            raise Unavailable(UNAVAILABLE)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append(Waiting(function, future, loop.time()))
        if not self._committing:
            self._commit_waiting()
        elif self._expiry is None:
            self._expiry = loop.call_later(_CHECK_SECONDS, self._expire)
        return await future

    def publish(self, event: Event) -> None:
        self._bus.publish_all([event])

    def cursor(self) -> str:
        return self._bus.cursor()

    def _commit_waiting(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        self._committing = True
        self._writer.submit(self._commit, group, asyncio.get_running_loop())

    def _commit(self, group: list[Waiting], loop: asyncio.AbstractEventLoop) -> None:
        """On the writer's thread."""
        held = False

        def gate() -> None:
            nonlocal held
            held = self._gate.acquire()

        reached = commit(self._database, group, gate)
        loop.call_soon_threadsafe(self._settle, group, held, reached)

    def _settle(self, group: list[Waiting], held: bool, reached: bool) -> None:
        try:
            for waiting in group:
                if waiting.error is None and waiting.change is not None:
                    self._publish(waiting.change)
        finally:
            if held:
                self._gate.release()
        for waiting in group:
            resolve(waiting)
        if not reached:
            # What waits behind would only wait as long again.
            self._give_up()
        if self._waiting:
            self._commit_waiting()
        else:
            self._committing = False
            self._settled.set()

    def _publish(self, change: Change) -> None:
        change.committed()
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
            resolve(waiting)

    def _snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        # Only the beginning waits for a commit under way; the reading itself holds nobody up, and
        # a reader's thread always has its connection: the gate is the only thing it waits for.
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
