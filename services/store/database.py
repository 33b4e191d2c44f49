"""The store's connections to SQLite or PostgreSQL, and what their trouble means.

Everything here is synchronous and runs on the ledger's threads. Passing trouble (locked, full,
out of reach) leaves as ``Unavailable``; everything else is a bug and keeps its own name.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.errors import Unavailable
from services.store import sqlite
from services.store.migrate import StoreUnusable, migrate

READERS = 4  # connections that read side by side, beside those that write
OPENING_SECONDS = 5.0
OPENING_PAUSE_SECONDS = 0.05
# For PostgreSQL: to connect, to have a packet acknowledged, to get a lock.
CONNECT_SECONDS = 5
LOCK_SECONDS = 5
# A process that is frozen within a transaction keeps its locks no longer than this.
IDLE_SECONDS = 5.0

# No connection, no room, shutting down or starting up, a deadlock, a lock not available, frozen:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = ("08", "53", "57P", "40", "55P", "25P03")

__all__ = ["READERS", "Connection", "Database", "StoreUnusable"]


class Database:
    """``url`` begins with ``sqlite:///`` or ``postgresql://``; the driver is ours to choose.

    Queries and errors never show the values that were bound: a password's hash is among them.
    """

    def __init__(self, url: str, writers: int = 1) -> None:
        self._url = driver_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        options = (
            sqlite.CONNECT
            if self._is_sqlite
            else {
                "connect_timeout": CONNECT_SECONDS,
                "tcp_user_timeout": CONNECT_SECONDS * 1000,
                "options": f"-c lock_timeout={LOCK_SECONDS}s"
                f" -c idle_in_transaction_session_timeout={IDLE_SECONDS * 1000:.0f}",
            }
        )
        self._engine = create_engine(
            self._url,
            connect_args=options,
            hide_parameters=True,
            pool_size=READERS + writers,
            max_overflow=0,
            pool_timeout=LOCK_SECONDS,
            pool_pre_ping=not self._is_sqlite,
        )
        self._writer = self._engine.execution_options(writing=True)
        # SQLite's readers have one view of everything by nature.
        self._reader = (
            self._engine
            if self._is_sqlite
            else self._engine.execution_options(isolation_level="REPEATABLE READ")
        )
        if self._is_sqlite:
            sqlite.configure(self._engine)

    def open(self, *, unfinished: bool = False) -> None:
        """Make or migrate the schema. StoreUnusable where what is there can't be used.

        With ``unfinished`` the beginning of a copy can.

        Unavailable where it can't be reached within ``OPENING_SECONDS``.
        """
        limit = time.monotonic() + OPENING_SECONDS
        while True:
            try:
                return self._open(unfinished)
            except Unavailable:
                # Two that open a new file at once: SQLite waits for no lock while it changes a
                # file's journal, it refuses one of them at once.
                if time.monotonic() + OPENING_PAUSE_SECONDS > limit:
                    raise
                time.sleep(OPENING_PAUSE_SECONDS)

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One view of the store, that of the first statement, for as long as the block lasts."""
        with passing_trouble(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; rolled back unless the block commits it."""
        with passing_trouble(), self._writer.connect() as connection:
            connection.begin()
            yield connection

    def connect(self) -> Connection:
        """A connection to write with, in no transaction yet; whoever asks for it closes it."""
        return self._writer.connect()

    def _open(self, unfinished: bool) -> None:
        if self._is_sqlite:
            sqlite.prepare(Path(self._url.database or ""), unfinished=unfinished)
        try:
            with self.writing() as connection:
                migrate(connection, unfinished=unfinished)
                connection.commit()
        except DatabaseError as error:
            raise StoreUnusable(f"the store can't be opened: {error.orig}") from error


def driver_url(text: str) -> URL:
    """The URL with the driver that Pulso uses, whichever it names."""
    url = make_url(text)
    return url.set(
        drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    )


def plain_url(text: str) -> str:
    """The URL without a driver, as other programs read it; with its password."""
    return driver_url(text).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def passing_trouble() -> Iterator[None]:
    """Unavailable in place of errors that may be gone on the next attempt."""
    try:
        yield
    except DBAPIError as error:
        if is_passing(error):
            raise Unavailable(UNAVAILABLE) from error
        raise
    except (PoolTimeout, OSError) as error:
        raise Unavailable(UNAVAILABLE) from error


def is_passing(error: DBAPIError) -> bool:
    """Whether the same thing may work later."""
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return (
        error.connection_invalidated
        or sqlite.is_passing(error.orig)
        or sqlstate.startswith(PASSING)
        or _is_out_of_reach(error.orig, sqlstate)
    )


def _is_out_of_reach(error: BaseException | None, sqlstate: str) -> bool:
    # psycopg has no SQLSTATE for a server that can't be reached.
    names = ("OperationalError", "ConnectionTimeout")
    is_psycopg = type(error).__module__.startswith("psycopg")
    return is_psycopg and not sqlstate and type(error).__name__ in names


UNAVAILABLE = sqlite.UNAVAILABLE
