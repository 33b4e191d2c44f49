"""Statements on sessions, each with its newest message beside it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, text, update

from services.bus.events import Author, LastMessage, Session
from services.store.schema import messages, sessions
from services.store.search import fold_contact
from services.timestamps import iso

# Of a session all that is shown.
WITH_LAST = select(
    *(column for column in sessions.c if column.name != "folded"),
    messages.c.id.label("last_id"),
    messages.c.content.label("last_content"),
    messages.c.from_me.label("last_from_me"),
    messages.c.timestamp.label("last_timestamp"),
    messages.c.type.label("last_type"),
    messages.c.ack.label("last_ack"),
    messages.c.failed.label("last_failed"),
    messages.c.deleted.label("last_deleted"),
).select_from(sessions.outerjoin(messages, messages.c.seq == sessions.c.last_seq))

_GET = WITH_LAST.where(sessions.c.id == bindparam("session_id"))
_OF_ASSIGNEE = WITH_LAST.where(
    text("sessions.mode = 'human'"), sessions.c.assignee_id == bindparam("operator_id")
)
_SOME = WITH_LAST.where(sessions.c.id.in_(bindparam("session_ids", expanding=True))).order_by(
    sessions.c.last_seq.desc()
)
_FIND = (
    select(
        sessions.c.id,
        sessions.c.contact,
        sessions.c.alt_contact,
        sessions.c.name,
        sessions.c.mode,
        sessions.c.unread,
        sessions.c.state,
        sessions.c.snoozed_until,
        sessions.c.assignee_id,
        sessions.c.assignee_name,
        sessions.c.waiting_since,
    )
    .where(
        sessions.c.bot_id == bindparam("bot_id"),
        or_(
            sessions.c.contact.in_((bindparam("one"), bindparam("other"))),
            sessions.c.alt_contact.in_((bindparam("one"), bindparam("other"))),
        ),
    )
    .order_by(sessions.c.created_at)
    .limit(1)
)
_UNANSWERED = (
    select(sessions.c.id, sessions.c.contact)
    .join(messages, messages.c.seq == sessions.c.last_seq)
    .where(
        sessions.c.bot_id == bindparam("bot_id"),
        sessions.c.mode == "bot",
        ~messages.c.from_me,
        messages.c.type == "text",
        messages.c.deleted.is_(None),
        messages.c.timestamp > bindparam("since"),
    )
    .order_by(sessions.c.last_seq)
)
_SNOOZED = select(sessions.c.id).where(
    text("sessions.snoozed_until IS NOT NULL"), sessions.c.snoozed_until <= bindparam("now")
)
_LEFT = select(sessions.c.id).where(
    text("sessions.person_at IS NOT NULL"),
    sessions.c.person_at <= bindparam("left"),
    sessions.c.state != "snoozed",
)
_ADD = insert(sessions)
_THIS = sessions.c.id == bindparam("session_id")
_UPDATE = update(sessions).where(_THIS).values(version=sessions.c.version + 1)
_ADVANCE = _UPDATE.values(
    last_seq=bindparam("seq"), unread=sessions.c.unread + bindparam("more")
).returning(sessions.c.version)
_RAISE = _UPDATE.returning(sessions.c.version)
_ADVANCE_BY_PERSON = _ADVANCE.values(person_at=bindparam("at"))


def session_of(row: Any) -> Session:
    """A row of these statements as events and answers show it."""
    last = row.last_id and LastMessage(
        id=row.last_id,
        content=row.last_content,
        from_me=row.last_from_me,
        timestamp=iso(row.last_timestamp),
        type=row.last_type,
        ack=row.last_ack,
        failed=row.last_failed,
        deleted=None if row.last_deleted is None else iso(row.last_deleted),
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
        assignee=row.assignee_id and Author(id=row.assignee_id, name=row.assignee_name),
        state=row.state,
        snoozed_until=None if row.snoozed_until is None else iso(row.snoozed_until),
        labels=row.labels,
        waiting_since=None if row.waiting_since is None else iso(row.waiting_since),
        version=row.version,
    )


def get(connection: Connection, session_id: str) -> Any:
    """The session with this id."""
    return connection.execute(_GET, {"session_id": session_id}).first()


def of_assignee(connection: Connection, operator_id: str) -> Sequence[Any]:
    """What an operator has."""
    return connection.execute(_OF_ASSIGNEE, {"operator_id": operator_id}).all()


def some(connection: Connection, session_ids: Sequence[str]) -> Sequence[Any]:
    """These sessions, newest first."""
    return connection.execute(_SOME, {"session_ids": list(session_ids)}).all()


def find(connection: Connection, bot_id: str, address: str, other: str | None = None) -> Any:
    """The bot's session with a person known by one of these addresses, or None.

    ``id, contact, alt_contact, name, mode, unread`` and the columns of ``handling``.
    """
    values = {"bot_id": bot_id, "one": address, "other": other or address}
    return connection.execute(_FIND, values).first()


def add(
    connection: Connection,
    *,
    session_id: str,
    bot_id: str,
    contact: str,
    alt_contact: str | None,
    name: str | None,
    created_at: float,
) -> None:
    """A new session, answered by the bot."""
    values: dict[str, Any] = {
        "id": session_id,
        "bot_id": bot_id,
        "contact": contact,
        "alt_contact": alt_contact,
        "name": name,
        "mode": "bot",
        "unread": 0,
        "created_at": created_at,
        "last_seq": 0,
        "folded": fold_contact(name, contact, alt_contact),
        "version": 1,
        "state": "open",
        "labels": [],
    }
    connection.execute(_ADD, values)


def advance(
    connection: Connection, session_id: str, seq: int, *, unread: int, person_at: float | None
) -> int:
    """``seq`` is its newest message now, and so many more are unread. The session's version.

    ``person_at``: when a person wrote it, where one did.
    """
    values: dict[str, Any] = {"session_id": session_id, "seq": seq}
    values |= {"more": unread, "at": person_at}
    statement = _ADVANCE if person_at is None else _ADVANCE_BY_PERSON
    version: int = connection.execute(statement, values).scalar_one()
    return version


def raise_version(connection: Connection, session_id: str) -> int:
    """One of its messages changes: its version with that."""
    version: int = connection.execute(_RAISE, {"session_id": session_id}).scalar_one()
    return version


def put(connection: Connection, session_id: str, **values: Any) -> None:
    """Set these columns."""
    connection.execute(_UPDATE.values(values), {"session_id": session_id})


def set_contact(
    connection: Connection,
    session_id: str,
    *,
    name: str | None,
    contact: str,
    alt_contact: str | None,
) -> None:
    """What is known of the person by now."""
    folded = fold_contact(name, contact, alt_contact)
    put(connection, session_id, name=name, alt_contact=alt_contact, folded=folded)


def due(connection: Connection, now: float, left: float) -> list[str]:
    """Those whose snooze has ended by ``now``, and those a person has left since ``left``."""
    snoozed = connection.execute(_SNOOZED, {"now": now}).scalars().all()
    return [*snoozed, *connection.execute(_LEFT, {"left": left}).scalars()]


def unanswered(connection: Connection, bot_id: str, since: float) -> Sequence[Any]:
    """Chats of the bot's to answer whose newest message is a customer's text after ``since``.

    ``id, contact``, the one that waits longest first.
    """
    return connection.execute(_UNANSWERED, {"bot_id": bot_id, "since": since}).all()
