"""Ledgers of several processes, on one PostgreSQL, and changes to give them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select

from services.bus.events import ChatTyping, Event
from services.store import bots as table
from services.store import sessions
from services.store.database import Connection, Database
from services.store.ledger import Change
from services.store.schema import bots, unpublished
from services.store.shared_ledger import WRITERS, SharedLedger
from tests.domain import RowJournal

soon = pytest.mark.gen_test(timeout=60)


@asynccontextmanager
async def opened(url: str, bus: RowJournal, process: str = "one") -> AsyncIterator[SharedLedger]:
    ledger = SharedLedger(Database(url, writers=WRITERS), bus, process)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


def event(bot_id: str, state: object) -> Event:
    return ChatTyping(bot_id=bot_id, session_id="s", who="w", state=str(state))


def counting(bot_id: str) -> Callable[[Change], int]:
    """A change that reads, then writes: alone in its bot, or the count is wrong."""

    def count(change: Change) -> int:
        read = select(bots.c.name).where(bots.c.id == bot_id)
        number = int(change.connection.execute(read).scalar_one()) + 1
        table.rename(change.connection, bot_id, str(number))
        change.publish(event(bot_id, number), event(bot_id, f"{number}b"))
        return number

    return count


def saying(bot_id: str) -> Callable[[Change], None]:
    return lambda change: change.publish(event(bot_id, "x"))


def adding_session(bot_id: str, session_id: str) -> Callable[[Change], None]:
    def add(change: Change) -> None:
        sessions.add(
            change.connection,
            session_id=session_id,
            bot_id=bot_id,
            contact=session_id,
            alt_contact=None,
            name=None,
            created_at=1.0,
        )

    return add


async def with_bots(ledger: SharedLedger, *ids: str) -> None:
    for bot_id in ids:

        def add(change: Change, bot_id: str = bot_id) -> None:
            table.add(change.connection, bot_id, "0", 1.0)

        await ledger.change(add, bot=bot_id)


def states(bus: RowJournal, bot_id: str) -> list[str]:
    return [one.state for one in bus.events if isinstance(one, ChatTyping) and one.bot_id == bot_id]


def expected(count: int) -> list[str]:
    return [state for n in range(1, count + 1) for state in (str(n), f"{n}b")]


def left(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(unpublished)).scalar_one()


async def published(bus: RowJournal, bot_id: str, state: str) -> None:
    async with asyncio.timeout(15):
        await bus.until("chat:typing", botId=bot_id, state=state)


async def nothing_left(ledger: SharedLedger) -> None:
    """What is published is gone from the table, with the next sweep at the latest."""
    for _ in range(2_000):
        if not await ledger.read(left):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("some are left")
