"""The ledger of one of several processes: PostgreSQL orders, Redis carries.

A process can die between a commit and its publication, and what it leaves must be published all
the same: the events of a change are committed with it (``unpublished``), published afterwards in
the order of their rows, and removed. What is left, by a process that died or because Redis was
away, is published by whichever process comes first: by the next change of that bot, before its
own events, or by the sweep that each process makes.

A snapshot may hold already what its cursor will bring again.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection

from services.bus.events import Event
from services.bus.publisher import SharedPublisher
from services.errors import Unavailable
from services.store import unpublished
from services.store.database import UNAVAILABLE, Database
from services.store.group_commit import GROUP, Change, Waiting, resolve
from services.store.ledger import CHANGE_SECONDS, Ledger, T
from services.store.shared_commit import Batch, Holding
from services.tasks import Tasks

# Bots whose changes are committed side by side; ``Database`` is to have as many writers.
WRITERS = 4
# Between two looks for what others have left, and how old that is then at least.
SWEEP_SECONDS = 5.0
LEFT_SECONDS = 2.0
# Between two attempts to publish while Redis is away.
RETRY_SECONDS = 0.5
# A lock may be lost by then to a process that was frozen (see ``bot_locks``): somebody else
# publishes.
STALE_SECONDS = 2.0
# Whose bots are remembered, some 200 bytes each.
MOST_SESSIONS = 10_000
# For a test of this very moment: the process ends between a commit and its publication, as by a
# kill -9, at the first event that this text is in.
DIE_BEFORE_PUBLISH = "PULSO_TEST_DIE_BEFORE_PUBLISH"

log = logging.getLogger(__name__)

_Key = tuple[str | None, str | None]  # bot, session


class SharedLedger(Ledger):
    """``process`` names this one, in the rows that it writes."""

    def __init__(self, database: Database, publisher: SharedPublisher, process: str) -> None:
        super().__init__(database)
        self._publisher = publisher
        self._process = process
        self._store = ""
        # What waits, by whose it is. The changes of one are committed together.
        self._queues: dict[_Key, deque[Waiting]] = {}
        # Of which bot a session is, which never changes.
        self._bots: dict[str, str] = {}
        self._tasks = Tasks()
        self._turns = asyncio.Semaphore(WRITERS)
        self._writers = ThreadPoolExecutor(WRITERS, "store-writer")
        # Redis was away a moment ago: nobody waits for it, the sweep finds out when it is back.
        self._is_away = False
        self._wake = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._on_writer(self._database.open)
        self._store = await self.read(unpublished.store_id)
        self._sweeping = asyncio.create_task(self._sweep(), name="Events that are left")

    async def close(self) -> None:
        self._closed = True
        await self._tasks.settled()
        self._wake.set()
        if self._sweeping is not None:
            await self._sweeping
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writers, self._readers.shutdown)
        await loop.run_in_executor(self._writers, self._database.close)
        self._writers.shutdown()

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
        waiting = Waiting(function, future, loop.time())
        key = self._key(bot, session)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
            self._tasks.start(self._work(key, queue), f"Changes of {key}")
        queue.append(waiting)
        await asyncio.wait((future,), timeout=CHANGE_SECONDS)
        if not future.done() and waiting in queue:
            _give_up(queue)
        return await future

    def _key(self, bot: str | None, session: str | None) -> _Key:
        """By whose changes these wait: those of one bot take one writer, whatever holds them up."""
        # What waits for its session's bot to be known is not overtaken.
        if bot is None and session is not None and (None, session) not in self._queues:
            bot = self._bots.get(session)
        return (bot, None) if bot is not None else (None, session)

    def publish(self, event: Event) -> None:
        self._publisher.post(event)

    def cursor(self) -> str:
        return self._publisher.cursor()

    def _snapshot(self, function: Callable[[Connection], T]) -> tuple[T, str]:
        # First: what is published from now on comes after it, whether the view has it or not.
        cursor = self._publisher.cursor()
        return self._read(function), cursor

    async def _work(self, key: _Key, queue: deque[Waiting]) -> None:
        try:
            while queue:
                async with self._turns:
                    group = [queue.popleft() for _ in range(min(GROUP, len(queue)))]
                    reached = await self._carry(key, group)
                if not reached:
                    # What waits behind would only wait as long again.
                    _give_up(queue)
        finally:
            del self._queues[key]
            _give_up(queue)

    async def _carry(self, key: _Key, group: list[Waiting]) -> bool:
        """Commit these and publish their events. False: the store is out of reach."""
        bot, session = key
        batch = Batch(self._database, self._store, self._process, group, bot=bot, session=session)
        published = 0
        try:
            reached = await self._on_writer(batch.commit)
            if session is not None and batch.bot is not None:
                self._remember(session, batch.bot)
            for waiting in group:
                if waiting.error is None and waiting.change is not None:
                    waiting.change.committed()
            if batch.added is not None:
                _die_before_publish(batch.added)
                published = await self._publish_added(batch, batch.added)
        finally:
            # What is not published now will be: nobody waits for that.
            for waiting in group:
                resolve(waiting)
            await self._on_writer(batch.release, published)
        return reached

    def _remember(self, session: str, bot: str) -> None:
        if len(self._bots) >= MOST_SESSIONS:
            self._bots.clear()
        self._bots[session] = bot

    async def _publish_added(self, batch: Batch, added: unpublished.Rows) -> int:
        """The id of the last row that is published, of these and those before them; 0: none."""
        if self._is_away:
            return 0
        published = 0
        rows = added
        try:
            if added.behind:
                rows = await self._on_writer(batch.oldest, 0)
            while rows.last:
                await self._publish_rows(batch, rows)
                published = rows.last
                if published >= added.last:
                    break
                rows = await self._on_writer(batch.oldest, published)
        except Unavailable:
            self._is_away = True
            self._wake.set()
        except Exception:
            log.exception("Events are not published yet")
        return published

    async def _publish_rows(self, held: Holding, rows: unpublished.Rows) -> None:
        if time.monotonic() - held.held_at > STALE_SECONDS:
            raise Unavailable(UNAVAILABLE)
        if rows.rows:
            await self._publisher.publish_rows(rows.rows)

    async def _sweep(self) -> None:
        """Again and again: publish what was left, by this process or another."""
        while not self._closed:
            await _wait(self._wake, SWEEP_SECONDS)
            self._wake.clear()
            if self._is_away:
                await _wait(self._wake, RETRY_SECONDS)
            try:
                await self._publish_left(0.0 if self._is_away else LEFT_SECONDS)
                self._is_away = False
            except Unavailable:
                self._is_away = True
                self._wake.set()
            except Exception:
                log.exception("Events that were left are not published yet")

    async def _publish_left(self, seconds: float) -> None:
        """Publish rows that are so old, bot by bot. Unavailable."""
        left = await self.read(lambda connection: unpublished.left(connection, seconds))
        for bot_id, process in left.items():
            async with self._turns:
                count = await self._publish_left_of(bot_id)
            if count:
                log.info("Bot %s: %d events are published that %s left", bot_id, count, process)

    async def _publish_left_of(self, bot_id: str) -> int:
        held = Holding(self._database, self._store)
        published = count = 0
        try:
            # Whoever has the lock publishes them.
            if await self._on_writer(held.try_lock, bot_id):
                while (rows := await self._on_writer(held.oldest, published)).last:
                    await self._publish_rows(held, rows)
                    published = rows.last
                    count += len(rows.rows)
        finally:
            await self._on_writer(held.release, published)
        return count

    async def _on_writer(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writers, work, *arguments)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _give_up(queue: deque[Waiting]) -> None:
    # All of them: whoever tries again does so in the order of before.
    while queue:
        waiting = queue.popleft()
        waiting.error = Unavailable(UNAVAILABLE)
        resolve(waiting)


def _die_before_publish(rows: unpublished.Rows) -> None:
    text = os.environ.get(DIE_BEFORE_PUBLISH)
    if text and any(text in str(row.event) for row in rows.rows):
        os.kill(os.getpid(), signal.SIGKILL)
