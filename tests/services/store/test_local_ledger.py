"""Commit, then publish; a snapshot's cursor is that of what it shows."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from services.bus.events import BotConnecting, Event
from services.errors import Conflict, Unavailable
from services.store import bots as table
from services.store import ledger as base
from services.store import local_ledger as module
from services.store.database import READERS, Connection, Database
from services.store.ledger import Change
from services.store.local_ledger import LocalLedger
from services.store.schema import bots
from tests.domain import Journal


@asynccontextmanager
async def opened(folder: Path, bus: Journal) -> AsyncIterator[LocalLedger]:
    ledger = LocalLedger(Database(f"sqlite:///{folder / 'pulso.db'}"), bus)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


def event(n: int) -> Event:
    return BotConnecting(bot_id=f"b{n}")


def adding(n: int) -> Callable[[Change], int]:
    """A change that adds a bot and publishes that."""

    def add(change: Change) -> int:
        table.add(change.connection, f"b{n}", "B", float(n))
        change.publish(event(n))
        return n

    return add


def kept(connection: Connection) -> set[str]:
    return set(connection.execute(select(bots.c.id)).scalars())


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(bots)).scalar_one()


@pytest.mark.gen_test
async def test_publishes_nothing_of_a_change_that_fails(tmp_path: Path) -> None:
    bus, effects = Journal(), list[str]()

    def fail(change: Change) -> None:
        table.add(change.connection, "b1", "B", 1.0)
        change.on_commit(lambda: effects.append("done"))
        change.publish(event(1))
        raise RuntimeError

    async with opened(tmp_path, bus) as ledger:
        with pytest.raises(RuntimeError):
            await ledger.change(fail)
        assert (bus.events, effects) == ([], [])
        assert await ledger.read(kept) == set()


@pytest.mark.gen_test
async def test_callbacks_come_after_the_commit_and_before_the_events(tmp_path: Path) -> None:
    order: list[str] = []

    class Noting(Journal):
        def publish_all(self, events: Sequence[Event]) -> list[str]:
            order.append("published")
            return super().publish_all(events)

    def work(change: Change) -> None:
        table.add(change.connection, "b1", "B", 1.0)
        change.publish(event(1))
        change.on_commit(lambda: order.append(f"{committed()} committed"))

    def committed() -> int:
        with sqlite3.connect(tmp_path / "pulso.db") as other:
            found: int = other.execute("SELECT count(*) FROM bots").fetchone()[0]
        other.close()
        return found

    async with opened(tmp_path, Noting()) as ledger:
        await ledger.change(work)
    assert order == ["1 committed", "published"]


@pytest.mark.gen_test
async def test_a_callback_that_fails_keeps_no_event_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def work(change: Change) -> None:
        change.on_commit(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        change.publish(event(1))

    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        await ledger.change(work)
    assert bus.events == [event(1)]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.gen_test(timeout=30)
async def test_who_is_cancelled_has_both_committed_and_published_or_neither(
    tmp_path: Path,
) -> None:
    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        # A change takes some turns of the loop and an fsync; cut it everywhere in that.
        for n in range(60):
            task = asyncio.ensure_future(ledger.change(adding(n)))
            for _ in range(n % 15):
                await asyncio.sleep(0)
            if n >= 15:
                await asyncio.sleep(n / 20_000)
            task.cancel()
            await asyncio.wait([task])
            stored, cursor = await ledger.snapshot(kept)
            assert stored == {published.bot_id for published in bus.events[: int(cursor)]}


@pytest.mark.gen_test(timeout=30)
async def test_a_snapshot_has_what_its_cursor_says_and_no_more(tmp_path: Path) -> None:
    def thrice(connection: Connection) -> set[int]:
        return {count(connection) for _ in range(3)}

    async with opened(tmp_path, Journal()) as ledger:
        writing = asyncio.gather(*(ledger.change(adding(n)) for n in range(300)))
        while not writing.done():
            found, cursor = await ledger.snapshot(thrice)
            assert found == {int(cursor)}
        await writing


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_snapshots_beside_changes_that_fail_and_changes_that_do_not(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever runs beside what: the events up to a snapshot's cursor make its state."""
    steps = data.draw(st.lists(st.sampled_from(("add", "fail", "read", "yield")), max_size=60))

    async def run() -> None:
        bus = Journal()
        async with opened(tmp_path_factory.mktemp("ledger"), bus) as ledger:
            work: list[asyncio.Future[object]] = []
            for n, step in enumerate(steps):
                if step == "add":
                    work.append(asyncio.ensure_future(ledger.change(adding(n))))
                elif step == "fail":
                    work.append(asyncio.ensure_future(ledger.change(failing(n))))
                elif step == "read":
                    work.append(asyncio.ensure_future(ledger.snapshot(kept)))
                else:
                    await asyncio.sleep(0.001)
            for found in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(found, tuple):
                    stored, cursor = found
                    assert stored == {e.bot_id for e in bus.events[: int(cursor)]}
            added = [n for n, step in enumerate(steps) if step == "add"]
            assert [e.bot_id for e in bus.events] == [f"b{n}" for n in added]
            assert await ledger.read(kept) == {f"b{n}" for n in added}

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def failing(n: int) -> Callable[[Change], None]:
    def fail(change: Change) -> None:
        adding(n)(change)
        raise Conflict("not now")

    return fail


@pytest.mark.gen_test(timeout=30)
async def test_a_change_waits_for_its_turn_no_longer_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHANGE_SECONDS", 0.1)
    monkeypatch.setattr(module, "_CHECK_SECONDS", 0.05)
    free = threading.Event()
    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        slow = asyncio.ensure_future(ledger.change(lambda change: free.wait(10)))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await ledger.change(adding(1))
        free.set()
        assert await slow is True
    # Who was refused is not committed later.
    assert bus.events == []


@pytest.mark.gen_test(timeout=30)
async def test_a_reader_waits_no_longer_than_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "READ_SECONDS", 0.1)
    free = threading.Event()
    async with opened(tmp_path, Journal()) as ledger:
        slow = [
            asyncio.ensure_future(ledger.read(lambda connection: free.wait(10)))
            for _ in range(READERS)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await ledger.snapshot(kept)
        free.set()
        await asyncio.wait(slow)
        assert await ledger.answers()


@pytest.mark.gen_test(timeout=30)
async def test_forty_readers_beside_a_writer_hold_nobody_up(tmp_path: Path) -> None:
    """Before: 15 snapshots behind a writer and both stood still for the pool's 30 s."""
    async with opened(tmp_path, Journal()) as ledger:
        writing = asyncio.gather(*(ledger.change(adding(n)) for n in range(200)))
        reading = [ledger.snapshot(kept) for _ in range(40)]
        for stored, cursor in await asyncio.gather(*reading):
            assert len(stored) == int(cursor)
        await writing


@pytest.mark.gen_test(timeout=30)
async def test_who_is_cancelled_anywhere_leaves_no_connection_and_no_thread(
    tmp_path: Path,
) -> None:
    before = set(threading.enumerate())
    async with opened(tmp_path, Journal()) as ledger:

        async def work(n: int) -> None:
            await ledger.snapshot(kept)
            await ledger.change(failing(n))

        for n in range(80):
            task = asyncio.ensure_future(work(n))
            for _ in range(n % 20):
                await asyncio.sleep(0)
            if n >= 20:
                await asyncio.sleep(n / 10_000)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                assert isinstance(task.exception(), Conflict)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) <= before


@pytest.mark.gen_test
async def test_closing_commits_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        waiting = [asyncio.ensure_future(ledger.change(adding(n))) for n in range(5)]
        await asyncio.sleep(0)
    assert [await one for one in waiting] == list(range(5))
    assert len(bus.events) == 5
    for refused in (ledger.change(adding(6)), ledger.read(kept), ledger.snapshot(kept)):
        with pytest.raises(Unavailable):
            await refused
