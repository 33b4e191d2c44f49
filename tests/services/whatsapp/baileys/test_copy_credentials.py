"""python main.py copy-credentials: a linked bot's folder into PostgreSQL, and back."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from services.store import Database, bot_states, bots, leases
from services.store.database import Connection
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.baileys.shared import SharedBaileysGateway
from services.whatsapp.gateway import Connected, Lease
from tests.postgresql import MISSING, PROGRAMS, PostgreSQL, postgresql
from tests.services.whatsapp.heard import Heard
from tests.services.whatsapp.world import Double
from tests.test_main import run


@pytest.fixture
def server():
    if PROGRAMS is None:
        pytest.skip(MISSING)
    with postgresql() as server:
        yield server


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.json")}


def do(url: str, *steps) -> None:
    database = Database(url)
    database.open()
    with database.writing() as connection:
        for step in steps:
            step(connection)
        connection.commit()
    database.close()


def hold(connection: Connection) -> None:
    leases.room(connection, "p1")
    leases.take(connection, "p1", [], 1, 60.0)
    bot_states.claim(connection, "b1", 1, {})


@pytest.mark.gen_test(timeout=90)
async def test_a_bot_stays_linked_from_a_folder_to_the_store_and_back(
    tmp_path: Path, server: PostgreSQL, double: Double, link
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(link.folder, before / "whatsapp" / "b1")
    url = server.url

    async def copied(source: Path | str, target: Path | str):
        return await asyncio.to_thread(
            run, tmp_path, "copy-credentials", "--from", str(source), "--to", str(target)
        )

    refused = await copied(before, url)
    assert (refused.returncode, "no such bot" in refused.stderr) == (1, True)
    do(url, lambda connection: bots.add(connection, "b1", "Tienda", 1.0))
    there = await copied(before, url)
    assert there.returncode == 0, there.stderr
    count = len(texts(before / "whatsapp" / "b1"))
    assert there.stdout == f"b1: {count} pieces\n" and count > 800

    # Whoever holds the bot runs it with these, writes what it changes, and nobody copies them.
    do(url, hold)
    heard, gateway = Heard(), SharedBaileysGateway(tmp_path / "shared", url, double.url)
    await gateway.open(heard)
    gateway.hold({"b1": Lease(1, time.monotonic() + 60)})
    await gateway.start("b1")
    assert (await heard.until(Connected)).user_id.startswith(link.user)
    assert not list((tmp_path / "shared").rglob("*.json"))
    held = await copied(url, after)
    assert (held.returncode, "p1 runs it" in held.stderr) == (1, True)
    await gateway.close()
    do(url, lambda connection: leases.leave(connection, "p1"))

    back = await copied(url, after)
    assert back.returncode == 0, back.stderr
    found = texts(after / "whatsapp" / "b1")
    assert len(found) >= count - 10
    heard, alone = Heard(), BaileysGateway(after, double.url)
    await alone.open(heard)
    await alone.start("b1")
    await heard.until(Connected)
    await alone.close()


def test_messages_that_are_not_stored_yet_are_not_left_behind(
    tmp_path: Path, shared_postgresql: PostgreSQL
) -> None:
    folder = tmp_path / "whatsapp" / "b1"
    folder.mkdir(parents=True)
    (folder / "creds.json").write_text("{}")
    (folder / "outbox.ndjson").write_text("{}\n")
    url = shared_postgresql.empty()
    copied = run(tmp_path, "copy-credentials", "--from", str(tmp_path), "--to", url)
    assert (copied.returncode, "not stored yet" in copied.stderr) == (1, True)
    refused = run(tmp_path, "copy-credentials", "--from", str(tmp_path), "--to", "sqlite:///x.db")
    assert (refused.returncode, "PostgreSQL only" in refused.stderr) == (1, True)
