"""python main.py copy-store: everything, once, also where it is killed in the middle."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from services.store import Database
from services.store.copying import CHUNK, COPIED
from services.store.migrate import UNFINISHED
from services.store.schema import (
    bots,
    credentials,
    messages,
    operators,
    sessions,
    sign_ins,
    unpublished,
)
from services.store.search import search
from tests.postgresql import PostgreSQL
from tests.running import ROOT
from tests.test_main import run

ANY: dict[type, Any] = {str: "x", float: 1.5, int: 7, bool: True}
MESSAGES = 8 * CHUNK + 7


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A store with something in every table."""
    url = f"sqlite:///{tmp_path / 'pulso.db'}"
    fill(url)
    return url


@pytest.fixture
def target(shared_postgresql: PostgreSQL) -> str:
    return shared_postgresql.empty()


def fill(url: str) -> None:
    database = Database(url)
    database.open()
    with database.writing() as connection:
        operator = {"username": "Eva", "password_hash": "h", "bots": ["b"], "admin": True}
        rows: dict[Table, Sequence[dict[str, Any]]] = {
            operators: [{"id": "o", **operator, "created_at": 1.5}],
            sign_ins: [{"id": "i", "operator_id": "o", "created_at": 1.0, "expires_at": 2.0}],
            bots: [{"id": "b", "name": "Tienda", "wanted": True, "created_at": 1.0}],
            credentials: [{"bot_id": "b", "name": n, "value": "v"} for n in "abc"],
            unpublished: [{"bot_id": "b", "body": "{}", "written_by": "p", "at": 1.0}],
            sessions: [
                {
                    "id": f"s{n}",
                    "bot_id": "b",
                    "contact": str(n),
                    "mode": "bot",
                    "unread": n,
                    "created_at": float(n),
                    "last_seq": 0,
                    "folded": "",
                    "version": 1,
                    "state": "open",
                    "labels": ["vip"],
                }
                for n in range(3)
            ],
            messages: [
                {
                    "session_id": f"s{n % 3}",
                    "id": f"m{n}",
                    "bot_id": "b",
                    "content": f"ÁNGEL {n} \0",
                    "from_me": n % 2 == 0,
                    "timestamp": n + 0.25,
                    "type": "text",
                    "media": {"file": True} if n == 1 else None,
                    "folded": f"angel {n}",
                }
                for n in range(MESSAGES)
            ],
        }
        for table in COPIED:
            given = rows.get(table) or [any_row(table)]
            for at in range(0, len(given), 500):
                connection.execute(insert(table), given[at : at + 500])
        connection.commit()
    database.close()


def any_row(table: Table) -> dict[str, Any]:
    """Something for a table that nothing special is to be shown of."""
    of = {"bot_id": "b", "session_id": "s1", "operator_id": "o"}
    return {
        column.name: of.get(column.name) or ANY.get(column.type.python_type, {})
        for column in table.columns
    }


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    database = Database(url)
    with database.reading() as connection:
        found = {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in COPIED
        }
    database.close()
    return found


def copy(tmp_path: Path, source: str, target: str) -> "subprocess.CompletedProcess[str]":
    return run(tmp_path, "copy-store", "--from", source, "--to", target)


def test_everything_is_copied_and_counted_and_new_rows_come_after_it(
    tmp_path: Path, source: str, target: str
) -> None:
    done = copy(tmp_path, source, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"messages: {MESSAGES}\n" in done.stdout
    expected = contents(source)
    for message in expected["messages"]:
        message["content"] = message["content"].replace("\0", "")
    assert contents(target) == expected
    database = Database(target)
    database.open()
    with database.writing() as connection:
        new = {**expected["messages"][0], "id": "new"}
        del new["seq"]
        statement = insert(messages).values(new).returning(messages.c.seq)
        added = connection.execute(statement).scalar_one()
        assert added == MESSAGES + 1
        hits, _ = search(connection, ["b"], "ángel 4001", before=None, limit=5)
        assert [hit.message_seq for hit in hits] == [4002]
    database.close()
    # And never over what is there.
    again = copy(tmp_path, source, target)
    assert again.returncode == 1
    assert again.stderr.startswith("Pulso can't copy: --to holds other data: 1 rows in bots")


def test_a_copy_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, source: str, target: str
) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "copy-store", "--from", source]
    child = subprocess.Popen(
        [*command, "--to", target], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    database = Database(target)
    limit = time.monotonic() + 30
    while not 0 < copied(database) < MESSAGES:
        assert child.poll() is None and time.monotonic() < limit
    child.send_signal(signal.SIGKILL)
    child.communicate()
    begun = copied(database)
    assert 0 < begun < MESSAGES
    # No server starts on a part of a store.
    refused = run(tmp_path, PULSO_DATABASE_URL=target, PULSO_PORT="0")
    assert "the store is an unfinished copy" in refused.stderr
    # Nor does it go on with another one.
    other = f"sqlite:///{tmp_path / 'other' / 'pulso.db'}"
    (tmp_path / "other").mkdir()
    fill(other)
    mixed = copy(tmp_path, other, target)
    assert (mixed.returncode, copied(database)) == (1, begun)
    assert "the beginning of a copy of another store" in mixed.stderr
    done = copy(tmp_path, source, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Going on with a copy that was begun\n")
    assert copied(database) == MESSAGES
    with database.reading() as reader:
        assert not reader.dialect.has_table(reader, UNFINISHED)
    database.close()


def copied(database: Database) -> int:
    with database.reading() as reader:
        if not reader.dialect.has_table(reader, "messages"):
            return 0
        return reader.execute(select(func.count()).select_from(messages)).scalar_one()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--from", "sqlite:///{}/none.db", "--to", "{pg}"), 1, "--from: there is no store"),
        (("--from", "{pg}", "--to", "sqlite:///{}/new.db"), 1, "--from: there is no store"),
        (("--from", "mysql://u:secret@h/d", "--to", "{pg}"), 2, "--from='mysql://u:***@h/d': must"),
        (("--from", "{source}", "--to", "postgresql://localhost:1/x"), 1, "--to: The store can't"),
    ],
)
def test_what_can_not_be_copied_is_one_clear_line(
    tmp_path: Path, source: str, target: str, arguments: tuple[str, ...], status: int, words: str
) -> None:
    given = [one.format(tmp_path, pg=target, source=source) for one in arguments]
    done = run(tmp_path, "copy-store", *given)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_no_server_may_be_on_the_store_that_is_copied(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder / 'pulso.db'}"
    fill(url)
    script = "import sys; from pathlib import Path; from services.server import data_dir\n"
    script += "with data_dir.locked(Path(sys.argv[1])): print(1, flush=True); sys.stdin.read()"
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    server.stdout.readline()
    done = copy(tmp_path, url, f"sqlite:///{tmp_path / 'new' / 'pulso.db'}")
    assert done.returncode == 1
    assert f"in use by process {server.pid}" in done.stderr
    server.communicate()
    # From one kind to the same kind as well.
    done = copy(tmp_path, url, f"sqlite:///{tmp_path / 'new' / 'pulso.db'}")
    assert (done.returncode, done.stderr) == (0, "")
