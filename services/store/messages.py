"""Statements on messages."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.bus.events import Ack, Origin
from services.store import sessions as session_statements
from services.store.schema import messages, sessions
from services.timestamps import iso

ACKS: tuple[Ack, ...] = get_args(Ack)


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message as a snapshot shows it; ``failed`` says why it did not go out.

    ``media`` describes what is not text; its ``file`` is True where there is one to fetch.
    """

    id: str
    session_id: str
    content: str
    from_me: bool
    timestamp: str
    type: str
    push_name: str | None
    ack: Ack | None
    origin: Origin | None
    failed: str | None
    media: dict[str, Any] | None = None


def message_of(row: Any) -> StoredMessage:
    """A row of the table as answers show it."""
    return StoredMessage(
        id=row.id,
        session_id=row.session_id,
        content=row.content,
        from_me=row.from_me,
        timestamp=iso(row.timestamp),
        type=row.type,
        push_name=row.push_name,
        ack=row.ack,
        origin=row.origin,
        failed=row.failed,
        media=described(row.media),
    )


def described(media: dict[str, Any] | None) -> dict[str, Any] | None:
    """The media without the key of its file, which is no browser's business."""
    if media is None:
        return None
    shown = {name: value for name, value in media.items() if name != "download"}
    return {**shown, "file": media.get("download") is not None}


async def known(
    connection: AsyncConnection, bot_id: str, session_id: str | None, message_id: str
) -> bool:
    """Whether this message is stored: of this session, or sent by this bot to any."""
    mine: ColumnElement[bool] = messages.c.from_me
    if session_id is not None:
        mine = or_(mine, messages.c.session_id == session_id)
    statement = select(messages.c.seq).where(
        messages.c.bot_id == bot_id, messages.c.id == message_id, mine
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def add(connection: AsyncConnection, **values: Any) -> None:
    """A new message, the newest of its session."""
    seq = (
        await connection.execute(insert(messages).values(**values).returning(messages.c.seq))
    ).scalar_one()
    await session_statements.change(connection, values["session_id"], last_seq=seq)


async def page(
    connection: AsyncConnection, session_id: str, *, before: int | None = None, limit: int
) -> Sequence[Any]:
    """The session's messages, newest first, those that arrived before the ``before``-th."""
    statement = select(messages).where(messages.c.session_id == session_id)
    if before is not None:
        statement = statement.where(messages.c.seq < before)
    statement = statement.order_by(messages.c.seq.desc()).limit(limit)
    return (await connection.execute(statement)).all()


async def unread_ids(connection: AsyncConnection, session_id: str, count: int) -> list[str]:
    """The ids of the contact's newest ``count`` messages."""
    statement = (
        select(messages.c.id)
        .where(messages.c.session_id == session_id, ~messages.c.from_me)
        .order_by(messages.c.seq.desc())
        .limit(count)
    )
    return list((await connection.execute(statement)).scalars())


async def pending(connection: AsyncConnection, bot_id: str) -> Sequence[Any]:
    """What the bot has still to send, oldest first: ``id, session_id, content, contact``."""
    statement = (
        select(messages.c.id, messages.c.session_id, messages.c.content, sessions.c.contact)
        .join(sessions, sessions.c.id == messages.c.session_id)
        .where(
            messages.c.bot_id == bot_id,
            messages.c.from_me,
            messages.c.ack == "pending",
            messages.c.failed.is_(None),
        )
        .order_by(messages.c.seq)
    )
    return (await connection.execute(statement)).all()


async def advance(
    connection: AsyncConnection, bot_id: str, message_id: str, ack: Ack
) -> str | None:
    """Move an own message's ack forward; its session's id, or None where nothing changed."""
    behind = ACKS[: ACKS.index(ack)]
    statement = (
        update(messages)
        .where(
            messages.c.bot_id == bot_id,
            messages.c.id == message_id,
            messages.c.from_me,
            or_(messages.c.ack.is_(None), messages.c.ack.in_(behind)),
        )
        .values(ack=ack, failed=None)
        .returning(messages.c.session_id)
    )
    session_id: str | None = (await connection.execute(statement)).scalars().first()
    return session_id


async def fail(connection: AsyncConnection, session_id: str, message_id: str, reason: str) -> bool:
    """Note why a message did not go out. False where it did, or is gone."""
    statement = (
        update(messages)
        .where(
            messages.c.session_id == session_id,
            messages.c.id == message_id,
            messages.c.ack == "pending",
        )
        .values(failed=reason)
    )
    return bool((await connection.execute(statement)).rowcount)
