"""Commit, then tell; a snapshot's cursor is that of what it shows."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from services.bus.events import BotConnecting, Event
from services.store import Database
from services.store.ledger import Ledger
from services.store.schema import bots
from tests.domain import Journal


async def opened(tmp_path: Path, bus: Journal) -> tuple[Database, Ledger]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'pulso.db'}")
    await database.open()
    return database, Ledger(database, bus)


def bot(n: int) -> dict[str, object]:
    return {"id": f"b{n}", "name": "B", "wanted": False, "created_at": float(n)}


def event(n: int) -> Event:
    return BotConnecting(bot_id=f"b{n}")


@pytest.mark.gen_test
async def test_tells_nothing_of_a_change_that_fails(tmp_path: Path) -> None:
    bus, effects = Journal(), []
    database, ledger = await opened(tmp_path, bus)
    with pytest.raises(RuntimeError):
        async with ledger.change() as change:
            await change.connection.execute(insert(bots).values(**bot(1)))
            change.then(lambda: effects.append("done"))
            change.tell(event(1))
            raise RuntimeError
    assert (bus.events, effects) == ([], [])
    await database.close()


@pytest.mark.gen_test
async def test_effects_come_after_the_commit_and_before_the_events(tmp_path: Path) -> None:
    order: list[str] = []

    class Noting(Journal):
        def publish_all(self, events: Sequence[Event]) -> list[str]:
            order.append("told")
            return super().publish_all(events)

    database, ledger = await opened(tmp_path, Noting())
    async with ledger.change() as change:
        change.tell(event(1))
        change.then(lambda: order.append("effect"))
    assert order == ["effect", "told"]
    await database.close()


@pytest.mark.gen_test(timeout=30)
async def test_who_is_cancelled_has_both_committed_and_told_or_neither(tmp_path: Path) -> None:
    bus = Journal()
    database, ledger = await opened(tmp_path, bus)

    async def change(n: int) -> None:
        async with ledger.change() as change:
            await change.connection.execute(insert(bots).values(**bot(n)))
            change.tell(event(n))

    # A change takes some ten turns of the loop and a few fsyncs; cut it everywhere in that.
    for n in range(60):
        task = asyncio.ensure_future(change(n))
        for _ in range(n % 15):
            await asyncio.sleep(0)
        if n >= 15:
            await asyncio.sleep(n / 20_000)
        task.cancel()
        await asyncio.wait([task])
        async with ledger.snapshot() as (connection, _):
            kept = set((await connection.execute(select(bots.c.id))).scalars())
        assert kept == {told.bot_id for told in bus.events}
    await database.close()


@pytest.mark.gen_test(timeout=30)
async def test_a_snapshot_has_what_its_cursor_says_and_no_more(tmp_path: Path) -> None:
    bus = Journal()
    database, ledger = await opened(tmp_path, bus)

    async def write() -> None:
        for n in range(30):
            async with ledger.change() as change:
                await change.connection.execute(insert(bots).values(**bot(n)))
                change.tell(event(n))

    writing = asyncio.ensure_future(write())
    while not writing.done():
        async with ledger.snapshot() as (connection, cursor):
            for _ in range(3):
                counted = (
                    await connection.execute(select(func.count()).select_from(bots))
                ).scalar_one()
                assert counted == int(cursor)
    await writing
    await database.close()
