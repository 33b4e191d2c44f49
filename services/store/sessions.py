"""Statements on sessions, each with its newest message beside it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.bus.events import LastMessage, Session
from services.store.schema import messages, sessions
from services.timestamps import iso

# Any message of a session, where the newest one stands beside it already.
_said = messages.alias("said")

_WITH_LAST = select(
    sessions,
    messages.c.id.label("last_id"),
    messages.c.content.label("last_content"),
    messages.c.from_me.label("last_from_me"),
    messages.c.timestamp.label("last_timestamp"),
    messages.c.type.label("last_type"),
    messages.c.ack.label("last_ack"),
).select_from(sessions.outerjoin(messages, messages.c.seq == sessions.c.last_seq))


def session_of(row: Any) -> Session:
    """A row of these statements as events and answers show it."""
    last = row.last_id and LastMessage(
        id=row.last_id,
        content=row.last_content,
        from_me=row.last_from_me,
        timestamp=iso(row.last_timestamp),
        type=row.last_type,
        ack=row.last_ack,
    )
    return Session(
        id=row.id,
        bot_id=row.bot_id,
        contact=row.contact,
        name=row.name,
        mode=row.mode,
        unread=row.unread,
        created_at=iso(row.created_at),
        last_message=last or None,
    )


async def get(connection: AsyncConnection, session_id: str) -> Row[Any] | None:
    """The session with this id."""
    return (await connection.execute(_WITH_LAST.where(sessions.c.id == session_id))).first()


async def find(connection: AsyncConnection, bot_id: str, *addresses: str | None) -> Row[Any] | None:
    """The bot's session with a person known by one of these addresses."""
    known = [address for address in addresses if address]
    statement = _WITH_LAST.where(
        sessions.c.bot_id == bot_id,
        or_(sessions.c.contact.in_(known), sessions.c.alt_contact.in_(known)),
    ).order_by(sessions.c.created_at)
    return (await connection.execute(statement)).first()


async def add(connection: AsyncConnection, **values: Any) -> None:
    """A new session: ``id, bot_id, contact, alt_contact, name, created_at``."""
    await connection.execute(insert(sessions).values(mode="bot", unread=0, last_seq=0, **values))


async def change(connection: AsyncConnection, session_id: str, **values: Any) -> None:
    """Set columns of one session."""
    await connection.execute(update(sessions).where(sessions.c.id == session_id).values(**values))


async def page(
    connection: AsyncConnection,
    bot_ids: Sequence[str],
    *,
    search: str = "",
    before: int | None = None,
    limit: int,
) -> Sequence[Any]:
    """The bots' sessions by newest activity, below ``before``, a ``last_seq``.

    ``search`` is looked for in names, addresses and messages.
    """
    statement: Select[Any] = _WITH_LAST.where(sessions.c.bot_id.in_(bot_ids))
    if search:
        statement = statement.where(
            or_(
                _contains(sessions.c.name, search),
                _contains(sessions.c.contact, search),
                exists().where(
                    _said.c.session_id == sessions.c.id, _contains(_said.c.content, search)
                ),
            )
        )
    if before is not None:
        statement = statement.where(sessions.c.last_seq < before)
    statement = statement.order_by(sessions.c.last_seq.desc()).limit(limit)
    rows: Sequence[Any] = (await connection.execute(statement)).all()
    return rows


def _contains(column: Any, text: str) -> Any:
    return func.lower(column).contains(text.lower(), autoescape=True)
