"""The door to the store: what it makes, what it refuses, what it calls passing trouble."""

import os
import socket
import sqlite3
import stat
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from services.errors import Unavailable
from services.store import Database, StoreUnusable
from services.store.schema import bots, messages, metadata, operators, sessions

BOT = {"id": "b", "name": "B", "wanted": False, "created_at": 1.5}


def database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'pulso.db'}")


def test_migrations_make_the_schema_that_the_statements_expect(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    with store.reading() as connection:
        made = {
            name: (
                {column["name"] for column in inspect(connection).get_columns(name)},
                {index["name"] for index in inspect(connection).get_indexes(name)},
            )
            for name in inspect(connection).get_table_names()
            if not name.startswith("message_search")  # the index of texts
        }
    store.close()
    del made["alembic_version"]
    assert made == {
        table.name: (
            {column.name for column in table.columns},
            {index.name for index in table.indexes},
        )
        for table in metadata.sorted_tables
    }


def test_the_file_and_its_journals_are_the_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    store = database(folder)
    store.open()
    with store.writing() as connection:
        connection.execute(insert(bots).values(**BOT))
        connection.commit()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    store.close()
    assert modes == {"pulso.db": 0o600, "pulso.db-wal": 0o600, "pulso.db-shm": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_commit_is_durable_and_readers_stand_beside_the_writer(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    with store.reading() as connection:
        pragmas = {
            name: (connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    store.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_what_raises_in_a_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    with pytest.raises(RuntimeError), store.writing() as connection:
        connection.execute(insert(bots).values(**BOT))
        raise RuntimeError
    with store.reading() as connection:
        assert (connection.execute(select(bots.c.id))).all() == []
    store.close()


def test_a_message_id_stands_once_in_a_session(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    session = {
        "id": "s",
        "bot_id": "b",
        "contact": "c",
        "mode": "bot",
        "unread": 0,
        "created_at": 1.0,
        "last_seq": 0,
        "folded": "",
    }
    message = {
        "session_id": "s",
        "id": "M",
        "bot_id": "b",
        "content": "",
        "from_me": False,
        "timestamp": 1.0,
        "type": "text",
        "folded": "",
    }
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(insert(bots).values(**BOT))
        connection.execute(insert(sessions).values(**session))
        connection.execute(insert(messages).values(**message))
        connection.execute(insert(messages).values(**message))
    store.close()


def test_a_locked_store_is_unavailable_for_now(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    other = sqlite3.connect(tmp_path / "pulso.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable), store.writing():
        raise AssertionError("it is locked")
    other.execute("ROLLBACK")
    other.close()
    with store.writing() as connection:
        connection.execute(insert(bots).values(**BOT))
    store.close()


def test_a_store_that_fills_up_is_unavailable_for_now(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    with pytest.raises(Unavailable), store.writing() as connection:
        pages = (connection.execute(text("PRAGMA page_count"))).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        connection.execute(insert(bots).values(**BOT | {"name": "x" * 100_000}))
    store.close()


def test_two_that_open_a_new_store_at_once_both_find_it_ready(tmp_path: Path) -> None:
    stores = [database(tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(Database.open, stores))
    for store in stores:
        with store.reading() as connection:
            assert (connection.execute(select(bots.c.id))).all() == []
        store.close()


def damaged(path: Path) -> None:
    path.write_bytes(b"this is no database " * 300)


def of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()


def of_a_newer_version(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE alembic_version (version_num)")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
    other.close()


def cut_short(path: Path) -> None:
    of_another_program(path)
    path.write_bytes(path.read_bytes()[:4500])


@pytest.mark.parametrize("make", [damaged, of_another_program, of_a_newer_version, cut_short])
def test_a_file_that_is_not_ours_is_named_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "pulso.db"
    make(path)
    before, mode = path.read_bytes(), path.stat().st_mode
    store = database(tmp_path)
    with pytest.raises(StoreUnusable) as refused:
        store.open()
    store.close()
    assert str(path) in str(refused.value)
    assert path.read_bytes() == before
    assert path.stat().st_mode == mode
    assert os.listdir(tmp_path) == ["pulso.db"]


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "pulso.db").mkdir()
    store = database(tmp_path)
    with pytest.raises(StoreUnusable):
        store.open()
    store.close()


def test_a_server_out_of_reach_is_unavailable_for_now() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as taken:
        # Bound and not listening: nobody answers here, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        _refused(taken.getsockname()[1])


def _refused(port: int) -> None:
    store = Database(f"postgresql://pulso@127.0.0.1:{port}/pulso")
    with pytest.raises(Unavailable):
        store.open()
    store.close()


def test_no_error_of_the_store_shows_a_value(tmp_path: Path) -> None:
    store = database(tmp_path)
    store.open()
    hashed = {"id": "o", "username": "ana", "password_hash": "$argon2id$secret", "bots": "*"}
    with pytest.raises(IntegrityError) as refused, store.writing() as connection:
        for _ in range(2):
            connection.execute(insert(operators).values(**hashed, admin=True, created_at=1.0))
    store.close()
    assert "argon2id" not in "".join(traceback.format_exception(refused.value))
