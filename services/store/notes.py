"""Statements on operators' notes: on a contact, whichever of its sessions they were written in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from services.store.schema import notes, sessions

_OF = (
    select(notes, sessions.c.bot_id)
    .join(sessions, sessions.c.id == notes.c.session_id)
    .order_by(notes.c.created_at, notes.c.id)
)
_IN = _OF.where(notes.c.session_id.in_(bindparam("session_ids", expanding=True)))
_GET = _OF.where(notes.c.id == bindparam("note_id"))
_ADD = insert(notes)
_EDIT = (
    update(notes)
    .where(notes.c.id == bindparam("note_id"))
    .values(text=bindparam("new_text"), edited_at=bindparam("now"))
)
_REMOVE = delete(notes).where(notes.c.id == bindparam("note_id"))
_SAME = select(sessions.c.id, sessions.c.bot_id).where(
    or_(
        sessions.c.contact.in_(bindparam("addresses", expanding=True)),
        sessions.c.alt_contact.in_(bindparam("addresses", expanding=True)),
    )
)


def sessions_of(connection: Connection, row: Any) -> Sequence[Any]:
    """Every session with the contact of ``row``, over all bots: ``id, bot_id``."""
    addresses = [address for address in (row.contact, row.alt_contact) if address]
    return connection.execute(_SAME, {"addresses": addresses}).all()


def page(connection: Connection, session_ids: Sequence[str]) -> Sequence[Any]:
    """The notes written in these sessions, oldest first, each with its ``bot_id``."""
    return connection.execute(_IN, {"session_ids": list(session_ids)}).all()


def get(connection: Connection, note_id: str) -> Any:
    """One note, or None."""
    return connection.execute(_GET, {"note_id": note_id}).first()


def add(connection: Connection, **values: Any) -> None:
    """A new note, with every column but ``edited_at``."""
    connection.execute(_ADD, values)


def edit(connection: Connection, note_id: str, text: str, now: float) -> None:
    """Another text."""
    connection.execute(_EDIT, {"note_id": note_id, "new_text": text, "now": now})


def remove(connection: Connection, note_id: str) -> None:
    connection.execute(_REMOVE, {"note_id": note_id})
