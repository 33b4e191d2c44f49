"""What happens to a chat, each in one visit to the store: an arrival, an answer, a takeover."""

import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection

from services.bus.events import Message, Mode, Session
from services.errors import Conflict, NotFound
from services.store import messages, sessions

UNREADABLE = "undecryptable"  # the type of a message whose content may come yet


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was new, and what it changed about its session.

    ``created`` and ``renamed`` are the session before the message, ``taken_over`` after it; each
    is None where that did not happen. ``mode`` is the session's before the message. ``is_filled``:
    the message was there, and can be read only now.
    """

    session_id: str
    contact: str
    mode: Mode
    message: Message
    created: Session | None
    renamed: Session | None
    taken_over: Session | None
    is_filled: bool = False


class Outgoing(msgspec.Struct, frozen=True):
    """A message of ours that was stored: where it goes, and its session where that changed."""

    bot_id: str
    contact: str
    message: Message
    changed: Session | None


class Read(msgspec.Struct, frozen=True):
    """A chat without anything unread; ``ids`` are the contact's messages that were until now."""

    bot_id: str
    contact: str
    session: Session
    changed: bool
    ids: list[str]


def record(
    connection: Connection,
    bot_id: str,
    message: Message,
    timestamp: float,
    *,
    contact: str,
    alt_contact: str | None,
) -> Recorded | None:
    """Store a message that came from WhatsApp; None where it is stored and can be read already.

    ``message`` has no session yet; ``contact`` and ``alt_contact`` are its chat's addresses. What
    was typed on the bot's own phone (``from_me``) takes the chat over.
    """
    row = sessions.find(connection, bot_id, contact, alt_contact)
    stored_as = messages.known(connection, bot_id, row and row.id, message.id)
    if stored_as is not None:
        return _fill(connection, row, stored_as, message)
    created = renamed = taken_over = None
    name = None if message.from_me else message.push_name
    if row is None:
        created = _create(connection, bot_id, contact, alt_contact, name, timestamp)
        session_id, unread = created.id, 0
        mode: Mode = "bot"
    else:
        session_id, mode, unread = row.id, row.mode, row.unread
        contact = row.contact
        renamed = _recognize(connection, row, name, alt_contact)
    stored = msgspec.structs.replace(message, session_id=session_id)
    seq = messages.add(connection, bot_id, stored, timestamp)
    sessions.advance(connection, session_id, seq, unread=0 if message.from_me else 1)
    if message.from_me and (mode != "human" or unread):
        sessions.set_mode(connection, session_id, "human")
        sessions.set_unread(connection, session_id, 0)
        taken_over = _session(connection, session_id)
    return Recorded(
        session_id=session_id,
        contact=contact,
        mode=mode,
        message=msgspec.structs.replace(stored, media=messages.described(stored.media)),
        created=created,
        renamed=renamed,
        taken_over=taken_over,
    )


def _fill(connection: Connection, row: Any, stored_as: Any, message: Message) -> Recorded | None:
    is_new = stored_as.type == UNREADABLE and message.type != UNREADABLE
    if row is None or row.id != stored_as.session_id or not is_new:
        return None
    if messages.get(connection, row.id, message.id).deleted is not None:
        return None
    messages.fill(connection, stored_as.seq, message)
    return Recorded(
        session_id=row.id,
        contact=row.contact,
        mode=row.mode,
        message=messages.message_of(messages.get(connection, row.id, message.id)),
        created=None,
        renamed=None,
        taken_over=None,
        is_filled=True,
    )


def send(
    connection: Connection,
    row: Any,
    message: Message,
    timestamp: float,
    *,
    mode: Mode,
    only_in: Mode | None,
) -> Outgoing:
    """Store a message of ours; the session of ``row`` is in ``mode`` from then on.

    Conflict where it must be ``only_in`` another mode and no longer is.
    """
    session_id = row.id
    if only_in is not None and row.mode != only_in:
        raise Conflict("Somebody else answers this chat now")
    stored = msgspec.structs.replace(message, session_id=session_id)
    seq = messages.add(connection, row.bot_id, stored, timestamp)
    sessions.advance(connection, session_id, seq, unread=0)
    changed = None
    if row.mode != mode:
        sessions.set_mode(connection, session_id, mode)
        changed = _session(connection, session_id)
    return Outgoing(row.bot_id, row.contact, stored, changed)


def set_mode(connection: Connection, row: Any, mode: Mode) -> tuple[Session, bool]:
    """Who answers the session of ``row`` from now on: the session, and whether that changed."""
    if row.mode == mode:
        return sessions.session_of(row), False
    sessions.set_mode(connection, row.id, mode)
    return _session(connection, row.id), True


def mark_read(connection: Connection, row: Any) -> Read:
    """Nothing is unread any more in the session of ``row``."""
    if row.unread == 0:
        return Read(row.bot_id, row.contact, sessions.session_of(row), False, [])
    ids = messages.unread_ids(connection, row.id, row.unread)
    sessions.set_unread(connection, row.id, 0)
    return Read(row.bot_id, row.contact, _session(connection, row.id), True, ids)


def mark_unread(connection: Connection, row: Any) -> tuple[Session, bool]:
    """One is unread in the session of ``row``, where none was: it, and whether that changed."""
    if row.unread:
        return sessions.session_of(row), False
    sessions.set_unread(connection, row.id, 1)
    return _session(connection, row.id), True


def get(connection: Connection, session_id: str) -> Any:
    """The session's row. NotFound."""
    row = sessions.get(connection, session_id)
    if row is None:
        raise NotFound("No such session")
    return row


def _session(connection: Connection, session_id: str) -> Session:
    return sessions.session_of(get(connection, session_id))


def _create(
    connection: Connection,
    bot_id: str,
    contact: str,
    alt_contact: str | None,
    name: str | None,
    created_at: float,
) -> Session:
    session_id = f"ses-{secrets.token_hex(8)}"
    sessions.add(
        connection,
        session_id=session_id,
        bot_id=bot_id,
        contact=contact,
        alt_contact=alt_contact,
        name=name,
        created_at=created_at,
    )
    return _session(connection, session_id)


def _recognize(
    connection: Connection, row: Any, name: str | None, alt_contact: str | None
) -> Session | None:
    """Note what a message adds to what is known of the contact; the session where it shows."""
    is_renamed = bool(name) and name != row.name
    is_new_address = bool(alt_contact) and row.alt_contact is None and alt_contact != row.contact
    if not is_renamed and not is_new_address:
        return None
    sessions.set_contact(
        connection,
        row.id,
        name=name if is_renamed else row.name,
        contact=row.contact,
        alt_contact=alt_contact if is_new_address else row.alt_contact,
    )
    return _session(connection, row.id) if is_renamed else None
