"""Statements on canned replies."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from services.store.schema import replies

_ALL = select(replies).order_by(replies.c.shortcut)
_BY_SHORTCUT = select(replies.c.id).where(replies.c.shortcut == bindparam("shortcut"))
_GET = select(replies).where(replies.c.id == bindparam("reply_id"))
_ADD = insert(replies)
_CHANGE = update(replies).where(replies.c.id == bindparam("reply_id"))
_REMOVE = delete(replies).where(replies.c.id == bindparam("reply_id"))


def every(connection: Connection) -> Sequence[Any]:
    """All of them, by shortcut: ``id, shortcut, text``."""
    return connection.execute(_ALL).all()


def called(connection: Connection, shortcut: str) -> str | None:
    """The id of the reply with this shortcut, or None."""
    found: str | None = connection.execute(_BY_SHORTCUT, {"shortcut": shortcut}).scalar()
    return found


def get(connection: Connection, reply_id: str) -> Any:
    """One reply, or None."""
    return connection.execute(_GET, {"reply_id": reply_id}).first()


def add(connection: Connection, **values: Any) -> None:
    """A new reply, with every column."""
    connection.execute(_ADD, values)


def change(connection: Connection, reply_id: str, **values: Any) -> None:
    """Set these columns."""
    connection.execute(_CHANGE.values(values), {"reply_id": reply_id})


def remove(connection: Connection, reply_id: str) -> bool:
    """Whether there was one."""
    return bool(connection.execute(_REMOVE, {"reply_id": reply_id}).rowcount)
