"""What happens to a chat, each in one visit to the store: an arrival, an answer, a takeover."""

import secrets
import time
from typing import Any

import msgspec
from sqlalchemy import Connection

from services.bus.events import Message, Mode, Session
from services.errors import Conflict, NotFound
from services.store import handling, labels, messages, sessions

NO_SUCH_CHAT = "This chat no longer exists, or isn't yours"
UNREADABLE = "undecryptable"  # the type of a message whose content may come yet


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was new, and what it changed about its session.

    ``created`` and ``renamed`` are the session before the message, ``changed`` after it; each is
    None where that did not happen. ``mode`` is the session's before the message, ``version`` with
    it. ``is_filled``: the message was there, and can be read only now.
    """

    session_id: str
    contact: str
    mode: Mode
    message: Message
    created: Session | None
    renamed: Session | None
    changed: Session | None
    version: int | None = None
    is_filled: bool = False


class Outgoing(msgspec.Struct, frozen=True):
    """A message of ours that was stored: where it goes, and its session where that changed.

    ``version`` is the session's with the message; ``read`` are the contact's messages that it
    answers, which nobody had read.
    """

    bot_id: str
    contact: str
    message: Message
    version: int
    changed: Session | None
    read: list[str]


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
    file: str | None = None,
) -> Recorded | None:
    """Store a message that came from WhatsApp; None where it is stored and can be read already.

    ``message`` has no session yet; ``contact`` and ``alt_contact`` are its chat's addresses,
    ``file`` the key of its file, ``""`` where that is still to be fetched. What
    was typed on the bot's own phone (``from_me``) takes the chat over.
    """
    row = sessions.find(connection, bot_id, contact, alt_contact)
    stored_as = messages.known(connection, bot_id, row and row.id, message.id)
    if stored_as is not None:
        return _fill(connection, row, stored_as, message, file)
    created = renamed = None
    name = None if message.from_me else message.push_name
    if row is None:
        created = _create(connection, bot_id, contact, alt_contact, name, timestamp)
        row = get(connection, created.id)
    else:
        contact = row.contact
        renamed = _recognize(connection, row, name, alt_contact)
    quoted = message.quoted and messages.quoted(connection, row.id, message.quoted.id)
    stored = msgspec.structs.replace(message, session_id=row.id, quoted=quoted or message.quoted)
    seq = messages.add(connection, bot_id, stored, timestamp, file)
    if message.from_me:
        _note_wait(connection, row, seq, timestamp)
        columns = handling.person_wrote(None, min(timestamp, time.time()))
    else:
        columns = handling.customer_wrote(row, timestamp)
    more = 0 if message.from_me else 1
    version, changed = _advance(connection, row, seq, more, columns)
    return Recorded(
        session_id=row.id,
        contact=contact,
        mode=row.mode,
        message=msgspec.structs.replace(stored, media=messages.described(stored.media, file)),
        created=created,
        renamed=renamed,
        changed=changed,
        version=version,
    )


def _fill(
    connection: Connection, row: Any, stored_as: Any, message: Message, file: str | None
) -> Recorded | None:
    is_new = stored_as.type == UNREADABLE and message.type != UNREADABLE
    if row is None or row.id != stored_as.session_id or not is_new:
        return None
    if messages.get(connection, row.id, message.id).deleted is not None:
        return None
    messages.fill(connection, stored_as.seq, message, file)
    version = sessions.raise_version(connection, row.id)
    return Recorded(
        session_id=row.id,
        contact=row.contact,
        mode=row.mode,
        message=messages.message_of(messages.get(connection, row.id, message.id)),
        created=None,
        renamed=None,
        changed=None,
        version=version,
        is_filled=True,
    )


def send(
    connection: Connection,
    row: Any,
    message: Message,
    timestamp: float,
    *,
    hand_over: bool = False,
    file: str | None = None,
) -> Outgoing:
    """Store a message of ours in the session of ``row``, which its author has from then on.

    ``file`` is the key of its file, where it has one.

    Conflict where it is the bot's and a person has the chat. ``hand_over``: the bot asks for one.
    """
    is_bot = message.origin == "bot"
    if is_bot and row.mode != "bot":
        raise Conflict("Somebody else answers this chat now")
    stored = msgspec.structs.replace(message, session_id=row.id)
    seq = messages.add(connection, row.bot_id, stored, timestamp, file)
    if hand_over:
        columns = handling.hand_over(timestamp)
    elif is_bot:
        columns = handling.SEEN
    else:
        _note_wait(connection, row, seq, timestamp)
        columns = handling.person_wrote(message.author, timestamp)
    read = []
    if row.unread and not hand_over:
        read = messages.unread_ids(connection, row.id, row.unread)
    version, changed = _advance(connection, row, seq, 0, columns)
    return Outgoing(row.bot_id, row.contact, stored, version, changed, read)


def change(connection: Connection, row: Any, columns: handling.Columns) -> tuple[Session, bool]:
    """Set these columns of ``row``: the session, and whether that changed what people see."""
    if not handling.shown(row, columns):
        return sessions.session_of(row), False
    return _put(connection, row.id, columns), True


def release(
    connection: Connection, session_id: str, operator_id: str, now: float
) -> Session | None:
    """What an operator had is nobody's; None where they have it no more."""
    row = sessions.get(connection, session_id)
    if row is None or row.assignee_id != operator_id:
        return None
    return _put(connection, session_id, handling.needs_a_person(row, now))


def settle(connection: Connection, session_id: str, now: float, left: float) -> Session | None:
    """The session as it is after what is due; None where nothing is any more."""
    row = sessions.get(connection, session_id)
    columns = row and handling.due(row, now, left)
    return _put(connection, session_id, columns) if columns else None


def mark_read(connection: Connection, row: Any) -> Read:
    """Nothing is unread any more in the session of ``row``."""
    if row.unread == 0:
        return Read(row.bot_id, row.contact, sessions.session_of(row), False, [])
    ids = messages.unread_ids(connection, row.id, row.unread)
    return Read(row.bot_id, row.contact, _put(connection, row.id, {"unread": 0}), True, ids)


def opened(
    connection: Connection, bot_id: str, contact: str, now: float
) -> tuple[Any, Session | None]:
    """The bot's session with a contact: its row, and the session where it was made just now."""
    row = sessions.find(connection, bot_id, contact)
    if row is not None:
        return get(connection, row.id), None
    created = _create(connection, bot_id, contact, None, None, now)
    return get(connection, created.id), created


def get(connection: Connection, session_id: str) -> Any:
    """The session's row. NotFound."""
    row = sessions.get(connection, session_id)
    if row is None:
        raise NotFound(NO_SUCH_CHAT)
    return row


def _note_wait(connection: Connection, row: Any, seq: int, at: float) -> None:
    """A person answers: how long did the customer wait? Not at all, where nobody asked anything."""
    since = row.waiting_since or messages.unanswered_since(connection, row.id, seq)
    if since is not None:
        messages.set_waited(connection, seq, max(0.0, at - since))


def _advance(
    connection: Connection, row: Any, seq: int, unread: int, columns: handling.Columns
) -> tuple[int, Session | None]:
    """Note the session's newest message, and what it changes beside that.

    The session's version with the message, and the session after it where more than that shows.
    """
    person_at = columns.get("person_at")
    version = sessions.advance(connection, row.id, seq, unread=unread, person_at=person_at)
    shown = handling.shown(row, columns)
    return version, _put(connection, row.id, shown) if shown else None


def _put(connection: Connection, session_id: str, columns: handling.Columns) -> Session:
    sessions.put(connection, session_id, **columns)
    if "labels" in columns:
        labels.put(connection, session_id, columns["labels"])
    return _session(connection, session_id)


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
