"""The door to the store: reading and writing transactions on SQLite or PostgreSQL.

Passing trouble (locked, full, out of reach) leaves as ``Unavailable``; everything else is a bug
and keeps its own name.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.errors import Unavailable
from services.store import sqlite
from services.store.migrate import StoreUnusable, migrate
from services.store.to_the_end import to_the_end

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
# An attempt to open waits for SQLite's locks by itself, for 5 s.
OPENING_SECONDS = 4.0
OPENING_PAUSE_SECONDS = 0.1

# No connection, no room, shutting down or starting up, a deadlock:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = ("08", "53", "57P", "40")

__all__ = ["Database", "StoreUnusable"]


class Database:
    """``url`` is ``sqlite:///FILE`` or ``postgresql://…``; the driver is chosen here."""

    def __init__(self, url: str) -> None:
        named = make_url(url)
        self._url = named.set(drivername=DRIVERS[named.get_backend_name()])
        self._engine = create_async_engine(self._url, pool_pre_ping=not self._is_sqlite)
        self._writer = self._engine.execution_options(writing=True)
        # SQLite's readers have one view of everything by nature.
        self._reader = (
            self._engine
            if self._is_sqlite
            else self._engine.execution_options(isolation_level="REPEATABLE READ")
        )
        if self._is_sqlite:
            sqlite.configure(self._engine)

    async def open(self) -> None:
        """Make or migrate the schema. StoreUnusable where what is there can't be used.

        Unavailable where it can't be reached, after some seconds of trying.
        """
        limit = time.monotonic() + OPENING_SECONDS
        while True:
            try:
                return await self._open()
            except Unavailable:
                # Two that open a new file at once: SQLite waits for no lock while it changes a
                # file's journal, it refuses one of them at once.
                if time.monotonic() > limit:
                    raise
                await asyncio.sleep(OPENING_PAUSE_SECONDS)

    async def close(self) -> None:
        """Let every connection go."""
        await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One view of the store, that of the first statement, for as long as the block lasts."""
        with _passing_trouble():
            async with _held(self._reader) as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back where it raises."""
        with _passing_trouble():
            async with _held(self._writer) as connection:
                await to_the_end(_begin(connection))
                yield connection
                if connection.in_transaction():
                    await connection.commit()

    async def answers(self) -> bool:
        """Whether the store can be read right now."""
        try:
            async with self.reading() as connection:
                await connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        except Unavailable:
            return False
        return True

    async def _open(self) -> None:
        if self._is_sqlite:
            sqlite.prepare(Path(self._url.database or ""))
        try:
            async with self.writing() as connection:
                await connection.run_sync(migrate)
        except DatabaseError as error:
            raise StoreUnusable(f"the store can't be opened: {error.orig}") from error

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"


class _Unbroken(AsyncConnection):
    """A connection whose statements are finished once begun.

    A cancellation amid one would have the driver close the connection, and where it is
    cancelled again meanwhile, leave it to nobody: with SQLite a thread that never ends.
    """

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await to_the_end(super().execute(*args, **kwargs))

    async def exec_driver_sql(self, *args: Any, **kwargs: Any) -> Any:
        return await to_the_end(super().exec_driver_sql(*args, **kwargs))

    async def run_sync(self, *args: Any, **kwargs: Any) -> Any:
        return await to_the_end(super().run_sync(*args, **kwargs))

    async def commit(self) -> None:
        await to_the_end(super().commit())


@asynccontextmanager
async def _held(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = _Unbroken(engine)
    try:
        await to_the_end(_start(connection))
        yield connection
    finally:
        if connection.sync_connection is not None:
            await to_the_end(connection.close())


async def _start(connection: AsyncConnection) -> None:
    await connection.start()


async def _begin(connection: AsyncConnection) -> None:
    await connection.begin().start()


@contextmanager
def _passing_trouble() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        if (
            error.connection_invalidated
            or sqlite.is_passing(error.orig)
            or sqlstate.startswith(PASSING)
        ):
            raise Unavailable("The store can't be reached right now") from error
        raise
    except (PoolTimeout, OSError) as error:
        raise Unavailable("The store can't be reached right now") from error
