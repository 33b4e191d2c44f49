"""What is particular about SQLite: its file, its settings, its result codes."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from services.errors import Unavailable
from services.store.migrate import StoreUnusable, check

# The store's threads hand a connection on, and never share one.
CONNECT = {"check_same_thread": False}

# BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN: https://sqlite.org/rescode.html
PASSING = frozenset({5, 6, 7, 8, 10, 13, 14})

UNAVAILABLE = "The database is unavailable. Try again shortly."


def prepare(path: Path, *, unfinished: bool = False) -> None:
    """Make the file where there is none (0600, as its journals then are), or look at it.

    StoreUnusable where it is not a sound Pulso store; it is then left as it was. Unavailable
    where another process is at it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_size:
            _look_at(path, unfinished=unfinished)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreUnusable(f"{path}: {error.strerror}") from error


def configure(engine: Engine) -> None:
    """Durable commits, readers beside the writer, transactions that begin where we say."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        # Python's sqlite3 would else begin late and end early, around DDL above all.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout = 5000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that begins by reading can't become a writer once another has written.
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def is_passing(error: BaseException | None) -> bool:
    """Whether SQLite may do the same thing later: locked, full, unreachable."""
    return isinstance(error, sqlite3.Error) and (
        getattr(error, "sqlite_errorcode", 0) & 0xFF in PASSING
    )


def _look_at(path: Path, *, unfinished: bool) -> None:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            names = {
                name
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    " AND name NOT LIKE 'sqlite_%'"
                )
            }
            revision = None
            if "alembic_version" in names:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                revision = row and row[0]
        finally:
            connection.close()
        check(names, revision, unfinished=unfinished)
    except sqlite3.DatabaseError as error:
        if is_passing(error):
            raise Unavailable(UNAVAILABLE) from error
        raise StoreUnusable(f"{path} is not a sound SQLite file: {error}") from error
    except StoreUnusable as error:
        raise StoreUnusable(f"{path}: {error}") from None
