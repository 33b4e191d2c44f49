"""Several processes on one PostgreSQL: one order for each bot, nothing lost, nothing twice."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select

from services.bus.events import ChatTyping, Event
from services.bus.publisher import Row
from services.errors import Conflict, Unavailable
from services.store import bots as table
from services.store import sessions
from services.store import shared_ledger as module
from services.store.database import Connection, Database
from services.store.ledger import Change
from services.store.schema import bots, unpublished
from services.store.shared_ledger import WRITERS, SharedLedger
from tests.domain import RowJournal
from tests.postgresql import PostgreSQL

soon = pytest.mark.gen_test(timeout=60)


@pytest.fixture
def url(shared_postgresql: PostgreSQL) -> str:
    return shared_postgresql.empty()


@asynccontextmanager
async def opened(url: str, bus: RowJournal, process: str = "one") -> AsyncIterator[SharedLedger]:
    ledger = SharedLedger(Database(url, writers=WRITERS), bus, process)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


def event(bot_id: str, state: object) -> Event:
    return ChatTyping(bot_id=bot_id, session_id="s", who="w", state=str(state))


def counting(bot_id: str) -> Callable[[Change], int]:
    """A change that reads, then writes: alone in its bot, or the count is wrong."""

    def count(change: Change) -> int:
        read = select(bots.c.name).where(bots.c.id == bot_id)
        number = int(change.connection.execute(read).scalar_one()) + 1
        table.rename(change.connection, bot_id, str(number))
        change.publish(event(bot_id, number), event(bot_id, f"{number}b"))
        return number

    return count


def saying(bot_id: str) -> Callable[[Change], None]:
    return lambda change: change.publish(event(bot_id, "x"))


def adding_session(bot_id: str, session_id: str) -> Callable[[Change], None]:
    def add(change: Change) -> None:
        sessions.add(
            change.connection,
            session_id=session_id,
            bot_id=bot_id,
            contact=session_id,
            alt_contact=None,
            name=None,
            created_at=1.0,
        )

    return add


async def with_bots(ledger: SharedLedger, *ids: str) -> None:
    for bot_id in ids:

        def add(change: Change, bot_id: str = bot_id) -> None:
            table.add(change.connection, bot_id, "0", 1.0)

        await ledger.change(add, bot=bot_id)


def states(bus: RowJournal, bot_id: str) -> list[str]:
    return [one.state for one in bus.events if isinstance(one, ChatTyping) and one.bot_id == bot_id]


def expected(count: int) -> list[str]:
    return [state for n in range(1, count + 1) for state in (str(n), f"{n}b")]


def left(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(unpublished)).scalar_one()


async def published(bus: RowJournal, bot_id: str, state: str) -> None:
    async with asyncio.timeout(15):
        await bus.until("chat:typing", botId=bot_id, state=state)


async def nothing_left(ledger: SharedLedger) -> None:
    for _ in range(500):
        if not await ledger.read(left):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("some are left")


@soon
async def test_changes_of_one_bot_and_their_events_are_in_one_order_over_processes(
    url: str,
) -> None:
    bus = RowJournal()
    async with opened(url, bus) as one, opened(url, bus, "other") as other:
        await with_bots(one, "a", "b", "c")
        numbers = await asyncio.gather(
            *(
                ledger.change(counting(bot), bot=bot)
                for _ in range(40)
                for bot in ("a", "b", "c")
                for ledger in (one, other)
            )
        )
        assert sorted(numbers) == sorted([*range(1, 81)] * 3)
        for bot in ("a", "b", "c"):
            assert states(bus, bot) == expected(80)
        await nothing_left(one)


@soon
async def test_a_change_says_whose_it_is_by_its_events_or_its_session(url: str) -> None:
    bus = RowJournal()
    async with opened(url, bus) as one, opened(url, bus, "other") as other:
        await with_bots(one, "a", "b")
        await one.change(adding_session("a", "s"), bot="a")

        def both(change: Change) -> None:
            change.publish(event("b", "both"), event("a", "both"))

        await asyncio.gather(
            *(
                ledger.change(counting("a"), session="s")
                for _ in range(20)
                for ledger in (one, other)
            ),
            *(one.change(counting("a"), bot="a") for _ in range(20)),
            *(ledger.change(both) for _ in range(5) for ledger in (one, other)),
        )
        assert [state for state in states(bus, "a") if state != "both"] == expected(60)
        assert states(bus, "b") == ["both"] * 10


@soon
async def test_a_change_that_fails_undoes_itself_alone_and_leaves_no_lock(url: str) -> None:
    bus = RowJournal()

    def failing(change: Change) -> None:
        change.publish(event("a", "never"))
        raise Conflict("not now")

    async with opened(url, bus) as one, opened(url, bus, "other") as other:
        await with_bots(one, "a")
        found = await asyncio.gather(
            one.change(counting("a"), bot="a"),
            one.change(failing, bot="a"),
            one.change(counting("a"), bot="a"),
            one.change(lambda change: table.add(change.connection, "a", "", 1.0), bot="a"),
            return_exceptions=True,
        )
        assert [type(one).__name__ for one in found] == ["int", "Conflict", "int", "IntegrityError"]
        with pytest.raises(Conflict):
            await one.change(failing, bot="a")
        assert await other.change(counting("a"), bot="a") == 3
        assert states(bus, "a") == expected(3)


@soon
async def test_while_redis_is_away_changes_are_stored_and_answered_and_published_afterwards(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 30.0)
    bus = RowJournal()
    async with opened(url, bus) as one, opened(url, bus, "other") as other:
        await with_bots(one, "a", "b")
        bus.away = True
        for n in range(3):
            assert await one.change(counting("a"), bot="a") == n + 1
            assert await other.change(counting("b"), bot="b") == n + 1
        assert (bus.events, await one.read(left)) == ([], 12)
        bus.away = False
        # What is new comes behind what waits, whoever brings it.
        await other.change(counting("a"), bot="a")
        await published(bus, "b", "3b")
        await published(bus, "a", "4b")
        assert (states(bus, "a"), states(bus, "b")) == (expected(4), expected(3))
        await other.change(counting("a"), bot="a")
        await nothing_left(one)
    assert states(bus, "a") == expected(5)


@soon
async def test_what_piled_up_comes_in_pieces(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Noting(RowJournal):
        async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
            sizes.append(len(rows))
            return await super().publish_rows(rows)

    bus = Noting()

    def many(change: Change) -> None:
        change.publish(*(event("a", n) for n in range(1_200)))

    async with opened(url, bus) as one, opened(url, bus, "other") as other:
        bus.away = True
        await one.change(many, bot="a")
        bus.away = False
        sizes.clear()
        await other.change(lambda change: change.publish(event("a", "last")), bot="a")
        await one.change(lambda change: None, bot="a")  # both are done
        assert max(sizes) <= 500
    assert states(bus, "a") == [*map(str, range(1_200)), "last"]


_DYING = """
import asyncio, sys
from services.store.database import Database
from services.store.shared_ledger import WRITERS, SharedLedger
from tests.domain import RowJournal
from tests.services.store.test_shared_ledger import counting

async def run():
    ledger = SharedLedger(Database(sys.argv[1], writers=WRITERS), RowJournal(), "doomed")
    await ledger.open()
    for _ in range(3):
        await ledger.change(counting("a"), bot="a")

asyncio.run(run())
"""


async def die(url: str, **environment: str) -> int:
    """How a process ends that makes three changes of the bot."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DYING, url, env={**os.environ, **environment}
    )
    return await child.wait()


@soon
async def test_a_process_killed_between_commit_and_publication_loses_nothing(url: str) -> None:
    bus = RowJournal()
    async with opened(url, bus) as one:
        await with_bots(one, "a")
        assert await die(url, PULSO_TEST_DIE_BEFORE_PUBLISH="1b") == -signal.SIGKILL
        assert await one.read(left) == 2
        await published(bus, "a", "1b")
        # Before whatever comes later, also where that comes first.
        assert await die(url, PULSO_TEST_DIE_BEFORE_PUBLISH="2b") == -signal.SIGKILL
        assert await one.change(counting("a"), bot="a") == 3
        assert states(bus, "a") == expected(3)
        await nothing_left(one)


@soon
async def test_a_lock_goes_with_its_connection_and_what_it_held_back_is_published_once(
    url: str,
) -> None:
    """A process that is frozen, or cut off, between commit and publication."""
    going, free = asyncio.Event(), asyncio.Event()

    class Frozen(RowJournal):
        async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
            going.set()
            await free.wait()
            return await bus.publish_rows(rows)

    bus = RowJournal()
    async with opened(url, Frozen(), "frozen") as frozen, opened(url, bus) as other:
        await with_bots(other, "a", "b")
        for n in range(2 * WRITERS):
            await other.change(adding_session("a", f"s{n}"), bot="a")
            await other.change(saying("a"), session=f"s{n}")
        late = asyncio.ensure_future(frozen.change(counting("a"), bot="a"))
        await going.wait()
        # Another bot waits for nothing.
        assert await other.change(counting("b"), bot="b") == 1
        # Nor for however many sessions of this one.
        known = [f"s{n}" for n in range(2 * WRITERS)]
        waiting = [asyncio.ensure_future(other.change(saying("a"), session=s)) for s in known]
        assert await other.change(counting("b"), bot="b") == 2
        assert not any(one.done() for one in waiting)
        # This one does, no longer than the server leaves the lock where it is.
        assert await other.change(counting("a"), bot="a") == 2
        await asyncio.gather(*waiting)
        assert [state for state in states(bus, "a") if state != "x"] == expected(2)
        free.set()
        assert await late == 1
        assert await frozen.change(counting("a"), bot="a") == 3
        assert [state for state in states(bus, "a") if state != "x"] == expected(3)


@soon
async def test_a_snapshot_takes_its_cursor_first(url: str) -> None:
    bus = RowJournal()
    async with opened(url, bus) as ledger:
        await with_bots(ledger, "a")

        def slow(connection: Connection) -> str:
            seen = connection.execute(select(bots.c.name).where(bots.c.id == "a")).scalar_one()
            return str(seen)

        writing = asyncio.gather(*(ledger.change(counting("a"), bot="a") for _ in range(60)))
        while not writing.done():
            name, cursor = await ledger.snapshot(slow)
            # Whatever the cursor leaves out is in the state; two events a change.
            assert int(name) >= int(cursor) // 2
        await writing


@soon
async def test_closing_commits_what_waits_and_takes_nothing_more(url: str) -> None:
    bus = RowJournal()
    async with opened(url, bus) as ledger:
        await with_bots(ledger, "a")
        waiting = [asyncio.ensure_future(ledger.change(counting("a"), bot="a")) for _ in range(5)]
        await asyncio.sleep(0)
    assert [await one for one in waiting] == [1, 2, 3, 4, 5]
    assert states(bus, "a") == expected(5)
    with pytest.raises(Unavailable):
        await ledger.change(counting("a"), bot="a")
