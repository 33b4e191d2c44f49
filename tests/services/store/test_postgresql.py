"""The same statements on PostgreSQL: a server of the test's own, on a socket of its own."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from services.assistant.engine import SilentEngine
from services.errors import Unavailable
from services.store import Database, StoreUnusable
from services.store import bots as table
from services.store.ledger import Ledger
from services.store.schema import bots
from tests.domain import Domain, Journal

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")


class Server:
    """``url`` of a database that is empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql://pulso@/postgres?host={folder}"

    def run(self, program: str, *arguments: str) -> None:
        assert PROGRAMS is not None
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [PROGRAMS / program, "-D", self.folder / "data", *arguments],
            user=user,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self.run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate")


@pytest.fixture
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg")
    # Short, for a socket's path; and in a folder that another user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pulso-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Server(folder)
    try:
        server.run("initdb", "-U", "pulso", "--no-sync", "-A", "trust", "-E", "UTF8")
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.mark.gen_test(timeout=60)
async def test_a_chat_goes_all_its_ways_and_outlives_a_restart(
    tmp_path: Path, server: Server
) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), url=server.url) as domain:
        bot = await domain.linked_bot("Tienda")
        for _ in range(2):
            domain.phone.message(bot, "5491155550000", "Luz", "hola", message_id="M1")
        session = (await domain.bus.until("session:created"))["session"]["id"]
        await domain.settled()
        assert len(domain.bus.published("message:received")) == 1
        message_id = await domain.conversations.answer(session, "¿Sí?")
        await domain.bus.until("message:ack", messageId=message_id, ack="read")
        assert (await domain.conversations.read(session)).unread == 0
        found = await domain.snapshots.page([bot], search="sí")
        assert [seen.id for seen in found.sessions] == [session]
    async with Domain(tmp_path, engine=SilentEngine(), url=server.url) as domain:
        await domain.bus.until("bot:connected")
        page = await domain.snapshots.messages(session)
        assert [(m.content, m.ack) for m in page.messages] == [("hola", None), ("¿Sí?", "read")]
        await domain.bots.remove(bot)
        assert (await domain.snapshots.page([bot])).sessions == []


def test_a_server_that_goes_away_is_unavailable_and_comes_back(server: Server) -> None:
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
    server: Server,
) -> None:
    ledger = Ledger(Database(server.url), Journal())
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


def test_a_database_of_another_program_is_refused(server: Server) -> None:
    database = Database(server.url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (name text)")
        connection.commit()
    with pytest.raises(StoreUnusable):
        database.open()
    database.close()


def test_a_reader_keeps_its_view_while_others_write(server: Server) -> None:
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
