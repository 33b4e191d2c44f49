"""Statements on messages."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from services.bus.events import Ack, Author, Message, Quoted, Reaction
from services.store import discards
from services.store.schema import messages, sessions
from services.store.search import fold
from services.timestamps import iso

QUOTED_CHARACTERS = 1000
ACKS: tuple[Ack, ...] = get_args(Ack)

_SHOWN = select(*(column for column in messages.c if column.name != "folded"))
_KNOWN = (
    select(messages.c.seq, messages.c.session_id, messages.c.type)
    .where(
        messages.c.bot_id == bindparam("bot_id"),
        messages.c.id == bindparam("message_id"),
        or_(messages.c.from_me, messages.c.session_id == bindparam("session_id")),
    )
    .limit(1)
)
_ADD = insert(messages).returning(messages.c.seq)
_PAGE = (
    _SHOWN.where(
        messages.c.session_id == bindparam("session_id"), messages.c.seq < bindparam("before")
    )
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
)
_GET = _SHOWN.where(
    messages.c.session_id == bindparam("session_id"), messages.c.id == bindparam("message_id")
)
_BY_SEQ = _SHOWN.where(messages.c.seq.in_(bindparam("seqs", expanding=True)))
_UNREAD = (
    select(messages.c.id)
    .where(messages.c.session_id == bindparam("session_id"), ~messages.c.from_me)
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
)
_RECEIVED = (
    select(messages.c.timestamp)
    .where(messages.c.session_id == bindparam("session_id"), ~messages.c.from_me)
    .order_by(messages.c.seq.desc())
    .limit(1)
)
_OURS = select(func.coalesce(func.max(messages.c.seq), 0)).where(
    messages.c.session_id == bindparam("session_id"),
    messages.c.from_me,
    messages.c.seq < bindparam("before"),
)
_UNANSWERED = select(func.min(messages.c.timestamp)).where(
    messages.c.session_id == bindparam("session_id"),
    ~messages.c.from_me,
    messages.c.seq > _OURS.scalar_subquery(),
)
_PENDING = (
    _SHOWN.add_columns(sessions.c.contact)
    .join(sessions, sessions.c.id == messages.c.session_id)
    .where(
        messages.c.bot_id == bindparam("bot_id"),
        messages.c.from_me,
        messages.c.ack == "pending",
        messages.c.failed.is_(None),
    )
    .order_by(messages.c.seq)
)
_ADVANCE = (
    update(messages)
    .where(
        messages.c.bot_id == bindparam("of_bot"),
        messages.c.id == bindparam("message_id"),
        messages.c.from_me,
        or_(messages.c.ack.is_(None), messages.c.ack.in_(bindparam("behind", expanding=True))),
    )
    .values(ack=bindparam("new_ack"), failed=None)
    .returning(messages.c.session_id)
)
_UPDATE = update(messages).where(messages.c.seq == bindparam("of_seq"))
_FAIL = (
    update(messages)
    .where(
        messages.c.session_id == bindparam("of_session"),
        messages.c.id == bindparam("message_id"),
        messages.c.ack == "pending",
    )
    .values(failed=bindparam("reason"))
)
_NEWEST = 2**62


def message_of(row: Any) -> Message:
    """A row of the table as answers show it."""
    return Message(
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
        media=described(row.media, row.file),
        edited=None if row.edited is None else iso(row.edited),
        deleted=None if row.deleted is None else iso(row.deleted),
        reactions=row.reactions
        and [Reaction(text=one["text"], from_me=one["fromMe"]) for one in row.reactions],
        author=row.author_id and Author(id=row.author_id, name=row.author_name),
        quoted=row.quoted and msgspec.convert(row.quoted, Quoted),
    )


def described(media: dict[str, Any] | None, file: str | None) -> dict[str, Any] | None:
    """The media without what opens its file at WhatsApp, which is no browser's business."""
    if media is None:
        return None
    shown = {name: value for name, value in media.items() if name != "download"}
    return {**shown, "file": file is not None}


def known(connection: Connection, bot_id: str, session_id: str | None, message_id: str) -> Any:
    """``seq, session_id, type`` of this message where it is stored, else None.

    It is of this session, or was sent by this bot to any.
    """
    values = {"bot_id": bot_id, "session_id": session_id, "message_id": message_id}
    return connection.execute(_KNOWN, values).first()


def add(
    connection: Connection,
    bot_id: str,
    message: Message,
    timestamp: float,
    file: str | None = None,
) -> int:
    """A new message, with its media as the gateway described it; its ``seq``.

    ``file``: the key its file is kept under, ``""`` where it is still to be fetched.
    """
    values = {
        "session_id": message.session_id,
        "id": message.id,
        "bot_id": bot_id,
        "content": message.content,
        "from_me": message.from_me,
        "timestamp": timestamp,
        "type": message.type,
        "push_name": message.push_name,
        "ack": message.ack,
        "origin": message.origin,
        "media": message.media,
        "file": file,
        "author_id": message.author and message.author.id,
        "author_name": message.author and message.author.name,
        "folded": fold(message.content),
        "quoted": message.quoted and msgspec.to_builtins(message.quoted),
    }
    seq: int = connection.execute(_ADD, values).scalar_one()
    return seq


def page(
    connection: Connection, session_id: str, *, before: int | None = None, limit: int
) -> Sequence[Any]:
    """The session's messages, newest first, those that arrived before the ``before``-th."""
    values = {
        "session_id": session_id,
        "before": _NEWEST if before is None else before,
        "limit": limit,
    }
    return connection.execute(_PAGE, values).all()


def get(connection: Connection, session_id: str, message_id: str) -> Any:
    """One message of a session, or None."""
    values = {"session_id": session_id, "message_id": message_id}
    return connection.execute(_GET, values).first()


def by_seq(connection: Connection, seqs: Sequence[int]) -> Sequence[Any]:
    """These messages, in any order."""
    return connection.execute(_BY_SEQ, {"seqs": list(seqs)}).all()


def unread_ids(connection: Connection, session_id: str, count: int) -> list[str]:
    """The ids of the contact's newest ``count`` messages."""
    values = {"session_id": session_id, "limit": count}
    return list(connection.execute(_UNREAD, values).scalars())


def pending(connection: Connection, bot_id: str) -> Sequence[Any]:
    """What the bot has still to send, oldest first, each with its ``contact``."""
    return connection.execute(_PENDING, {"bot_id": bot_id}).all()


def advance(connection: Connection, bot_id: str, message_id: str, ack: Ack) -> str | None:
    """Move an own message's ack forward; its session's id, or None where nothing changed."""
    values = {
        "of_bot": bot_id,
        "message_id": message_id,
        "behind": list(ACKS[: ACKS.index(ack)]),
        "new_ack": ack,
    }
    session_id: str | None = connection.execute(_ADVANCE, values).scalars().first()
    return session_id


def set_content(
    connection: Connection, seq: int, *, content: str, kind: str, edited: float
) -> None:
    """Another text than it came with."""
    _set(connection, seq, content=content, folded=fold(content), type=kind, edited=edited)


def clear(connection: Connection, row: Any, *, deleted: float) -> None:
    """Nothing is left of it but that it was there."""
    if row.file:
        discards.add(connection, row.file)
    _set(
        connection,
        row.seq,
        content="",
        folded="",
        media=None,
        file=None,
        reactions=None,
        deleted=deleted,
    )


def fill(connection: Connection, seq: int, message: Message, file: str | None) -> None:
    """What it turned out to be, where it could not be read at first; ``file`` as in ``add``."""
    _set(
        connection,
        seq,
        content=message.content,
        folded=fold(message.content),
        type=message.type,
        media=message.media,
        file=file,
    )


def set_reactions(connection: Connection, seq: int, reactions: Sequence[Reaction]) -> None:
    rows = [{"text": one.text, "fromMe": one.from_me} for one in reactions]
    _set(connection, seq, reactions=rows or None)


def _set(connection: Connection, seq: int, **values: Any) -> None:
    connection.execute(_UPDATE.values(values), {"of_seq": seq})


def set_waited(connection: Connection, seq: int, seconds: float) -> None:
    """So long the customer waited for this answer."""
    _set(connection, seq, waited=seconds)


def unanswered_since(connection: Connection, session_id: str, before: int) -> float | None:
    """When the contact wrote the oldest message that nobody answered before ``before``, a seq."""
    values = {"session_id": session_id, "before": before}
    since: float | None = connection.execute(_UNANSWERED, values).scalar()
    return since


def last_received(connection: Connection, session_id: str) -> float | None:
    """When the contact wrote last, in seconds since 1970."""
    at: float | None = connection.execute(_RECEIVED, {"session_id": session_id}).scalar()
    return at


def quoted(connection: Connection, session_id: str, message_id: str) -> Quoted | None:
    """This message as one that answers it shows it; None where there is none."""
    row = get(connection, session_id, message_id)
    return row and Quoted(
        id=row.id, content=row.content[:QUOTED_CHARACTERS], type=row.type, from_me=row.from_me
    )


def recover(connection: Connection, seq: int) -> None:
    """It did not go out, and shall once more."""
    _set(connection, seq, failed=None, ack="pending")


def fail(connection: Connection, session_id: str, message_id: str, reason: str) -> bool:
    """Note why a message did not go out. False where it did, or is gone."""
    values = {"of_session": session_id, "message_id": message_id, "reason": reason}
    return bool(connection.execute(_FAIL, values).rowcount)
