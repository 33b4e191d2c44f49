"""The same statements on PostgreSQL: a server of the test's own, on a socket of its own."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from services.assistant.engine import SilentEngine
from services.errors import Unavailable
from services.store import Database, StoreUnusable
from services.store.schema import bots
from tests.domain import Domain

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")


class Server:
    """``url`` of a database that is empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql+asyncpg://pulso@/postgres?host={folder}"

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
    pytest.importorskip("asyncpg")
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
        assert len(domain.bus.told("message:received")) == 1
        message_id = await domain.conversations.answer(session, "¿Sí?")
        await domain.bus.until("message:ack", messageId=message_id, ack="read")
        assert (await domain.conversations.read(session)).unread == 0
        found = await domain.conversations.page([bot], search="sí")
        assert [seen.id for seen in found.sessions] == [session]
    async with Domain(tmp_path, engine=SilentEngine(), url=server.url) as domain:
        await domain.bus.until("bot:connected")
        page = await domain.conversations.messages(session)
        assert [(m.content, m.ack) for m in page.messages] == [("hola", None), ("¿Sí?", "read")]
        await domain.bots.remove(bot)
        assert (await domain.conversations.page([bot])).sessions == []


@pytest.mark.gen_test(timeout=60)
async def test_a_server_that_goes_away_is_unavailable_and_comes_back(server: Server) -> None:
    database = Database(server.url)
    await asyncio.gather(database.open(), (other := Database(server.url)).open())
    await other.close()
    server.stop()
    with pytest.raises(Unavailable):
        async with database.reading():
            raise AssertionError("nobody is there")
    server.start()
    async with database.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1
    await database.close()


@pytest.mark.gen_test(timeout=60)
async def test_a_database_of_another_program_is_refused(server: Server) -> None:
    database = Database(server.url)
    async with database.writing() as connection:
        await connection.exec_driver_sql("CREATE TABLE recipes (name text)")
    with pytest.raises(StoreUnusable):
        await database.open()
    await database.close()


@pytest.mark.gen_test(timeout=60)
async def test_a_reader_keeps_its_view_while_others_write(server: Server) -> None:
    database = Database(server.url)
    await database.open()
    count = select(func.count()).select_from(bots)
    async with database.reading() as reader:
        before = (await reader.execute(count)).scalar_one()
        async with database.writing() as writer:
            await writer.execute(insert(bots).values(id="b", name="", wanted=False, created_at=1.0))
        assert (await reader.execute(count)).scalar_one() == before
    async with database.reading() as reader:
        assert (await reader.execute(count)).scalar_one() == before + 1
    await database.close()
