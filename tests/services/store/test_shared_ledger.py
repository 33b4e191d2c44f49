"""Several processes on one PostgreSQL: one order for each bot, nothing lost, nothing twice."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from services.bus.publisher import Row
from services.errors import Conflict, Unavailable
from services.store import bots as table
from services.store import shared_ledger as module
from services.store.database import Connection
from services.store.ledger import Change
from services.store.schema import bots
from tests.domain import RowJournal
from tests.services.store.ledgers import (
    adding_session,
    counting,
    event,
    expected,
    left,
    nothing_left,
    opened,
    published,
    soon,
    states,
    with_bots,
)


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
