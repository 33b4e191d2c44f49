"""Statements on the labels of sessions. A session's row has its own as well, in their order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from services.store.schema import session_labels, sessions

_CLEAR = delete(session_labels).where(session_labels.c.session_id == bindparam("of_session"))
_ADD = insert(session_labels)
_COUNTED = (
    select(session_labels.c.label, func.count().label("sessions"))
    .join(sessions, sessions.c.id == session_labels.c.session_id)
    .where(sessions.c.bot_id.in_(bindparam("bot_ids", expanding=True)))
    .group_by(session_labels.c.label)
    .order_by(func.count().desc(), session_labels.c.label)
)


def put(connection: Connection, session_id: str, labels: Sequence[str]) -> None:
    """A session's labels are these."""
    connection.execute(_CLEAR, {"of_session": session_id})
    if labels:
        rows = [{"session_id": session_id, "label": label} for label in labels]
        connection.execute(_ADD, rows)


def counted(connection: Connection, bot_ids: Sequence[str]) -> Sequence[Any]:
    """The bots' labels, ``label, sessions``: on how many of theirs each is, the most first."""
    return connection.execute(_COUNTED, {"bot_ids": list(bot_ids)}).all()
