"""What is particular about PostgreSQL: a server that goes away, and views that are kept."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from services.assistant.engine import SilentEngine
from services.errors import Unavailable
from services.store import Database, StoreUnusable
from services.store import bots as table
from services.store.local_ledger import LocalLedger
from services.store.schema import bots
from tests.domain import Domain, Journal
from tests.postgresql import MISSING, PROGRAMS, PostgreSQL, postgresql

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason=MISSING)


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """A server that may be stopped."""
    with postgresql() as server:
        yield server


@pytest.mark.gen_test(timeout=60)
async def test_a_chat_goes_all_its_ways_and_outlives_a_restart(
    tmp_path: Path, server: PostgreSQL
) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), url=server.url) as domain:
        bot = await domain.linked_bot("Tienda")
        for _ in range(2):
            domain.phone.message(bot, "5491155550000", "Luz", "hola", message_id="M1")
        session = (await domain.bus.until("session:created"))["session"]["id"]
        await domain.settled()
        assert len(domain.bus.published("message:received")) == 1
        message_id = await domain.inbox.answer(session, "¿Sí?")
        await domain.bus.until("message:ack", messageId=message_id, ack="read")
        assert (await domain.inbox.read(session)).unread == 0
        found = await domain.snapshots.page([bot], search="sí")
        assert [seen.id for seen in found.sessions] == [session]
    async with Domain(tmp_path, engine=SilentEngine(), url=server.url) as domain:
        await domain.bus.until("bot:connected")
        page = await domain.snapshots.messages(session)
        assert [(m.content, m.ack) for m in page.messages] == [("hola", None), ("¿Sí?", "read")]
        await domain.bots.remove(bot)
        assert (await domain.snapshots.page([bot])).sessions == []


def test_a_server_that_goes_away_is_unavailable_and_comes_back(server: PostgreSQL) -> None:
    databases = [Database(server.url), Database(server.url)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(Database.open, databases))
    database, other = databases
    other.close()
    server.stop()
    with pytest.raises(Unavailable), database.reading():
        raise AssertionError("nobody is there")
    server.start()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    database.close()


@pytest.mark.gen_test(timeout=60)
async def test_a_server_that_goes_away_amid_changes_loses_none_that_was_acknowledged(
    server: PostgreSQL,
) -> None:
    ledger = LocalLedger(Database(server.url), Journal())
    await ledger.open()
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def write() -> None:
        for n in range(10_000):
            try:
                await ledger.change(
                    lambda change, n=n: table.add(change.connection, f"b{n}", "B", float(n))
                )
            except Unavailable:
                return
            acknowledged.append(n)
            if n == 20:
                enough.set()

    writing = asyncio.ensure_future(write())
    await enough.wait()
    await asyncio.to_thread(server.stop)
    await writing
    await asyncio.to_thread(server.start)
    stored = await ledger.read(lambda c: set(c.execute(select(bots.c.id)).scalars()))
    assert {f"b{n}" for n in acknowledged} <= stored
    await ledger.close()


def test_a_database_of_another_program_is_refused(server: PostgreSQL) -> None:
    database = Database(server.url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (name text)")
        connection.commit()
    with pytest.raises(StoreUnusable):
        database.open()
    database.close()


def test_a_reader_keeps_its_view_while_others_write(server: PostgreSQL) -> None:
    database = Database(server.url)
    database.open()
    count = select(func.count()).select_from(bots)
    with database.reading() as reader:
        before = reader.execute(count).scalar_one()
        with database.writing() as writer:
            writer.execute(insert(bots).values(id="b", name="", wanted=False, created_at=1.0))
            writer.commit()
        assert reader.execute(count).scalar_one() == before
    with database.reading() as reader:
        assert reader.execute(count).scalar_one() == before + 1
    database.close()


def test_a_transaction_in_which_nothing_is_done_keeps_its_locks_no_longer_than_its_time(
    shared_postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.database.IDLE_SECONDS", 0.2)
    frozen, other = (Database(url) for url in [shared_postgresql.empty()] * 2)
    frozen.open()
    lock = "SELECT store FROM marks FOR UPDATE"
    with pytest.raises(Unavailable), frozen.writing() as connection:
        connection.exec_driver_sql(lock).close()
        with other.writing() as waiting:
            assert waiting.exec_driver_sql(lock).one()
        connection.exec_driver_sql(lock)
    frozen.close()
    other.close()
