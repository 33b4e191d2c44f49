"""What becomes of a message after it came, each in one visit to the store.

Who wrote a message edits and deletes it; either side reacts to it, with one emoji at most. A
change that is there already, or older than the one that is, changes nothing.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection

from services.bus.events import Message, Reaction
from services.store import messages, sessions
from services.store.chats import UNREADABLE


class Changed(msgspec.Struct, frozen=True):
    """A message as it is now, and its session's version with that."""

    session_id: str
    message: Message
    version: int


def find(
    connection: Connection, bot_id: str, message_id: str, *, contact: str, alt_contact: str | None
) -> Any:
    """The message's row, or None. The addresses are its chat's."""
    session = sessions.find(connection, bot_id, contact, alt_contact)
    return session and messages.get(connection, session.id, message_id)


def edit(
    connection: Connection, row: Any, content: str, *, from_me: bool, at: float
) -> Changed | None:
    """Another text in its place. None where nothing changed."""
    is_older = row.edited is not None and row.edited >= at
    if row.from_me != from_me or row.deleted is not None or is_older:
        return None
    kind = "text" if row.type == UNREADABLE else row.type
    messages.set_content(connection, row.seq, content=content, kind=kind, edited=at)
    return _now(connection, row)


def delete(connection: Connection, row: Any, *, from_me: bool, at: float) -> Changed | None:
    """Its text and media are gone. None where nothing changed."""
    if row.from_me != from_me or row.deleted is not None:
        return None
    messages.clear(connection, row, deleted=at)
    return _now(connection, row)


def react(connection: Connection, row: Any, text: str, *, from_me: bool) -> Changed | None:
    """One side's reaction, ``""``: none. None where it is the same."""
    before = messages.message_of(row).reactions or []
    after = [one for one in before if one.from_me != from_me]
    if text:
        after.append(Reaction(text=text, from_me=from_me))
    after.sort(key=lambda one: one.from_me)
    if after == before:
        return None
    messages.set_reactions(connection, row.seq, after)
    return _now(connection, row)


def recover(connection: Connection, row: Any) -> Changed:
    """It did not go out, and shall once more: the message as it is now."""
    messages.recover(connection, row.seq)
    return _now(connection, row)


def fail(connection: Connection, session_id: str, message_id: str, reason: str) -> int | None:
    """Note why a message did not go out: its session's version. None where it did, or is gone."""
    if not messages.fail(connection, session_id, message_id, reason):
        return None
    return sessions.raise_version(connection, session_id)


def _now(connection: Connection, row: Any) -> Changed:
    version = sessions.raise_version(connection, row.session_id)
    now = messages.message_of(messages.get(connection, row.session_id, row.id))
    return Changed(row.session_id, now, version)
