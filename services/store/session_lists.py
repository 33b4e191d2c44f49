"""Lists of sessions: which of the bots' are shown, in which order, and how many there are."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, or_, select, text

from services.bus.events import State
from services.store.schema import session_labels, sessions
from services.store.search import Hit
from services.store.sessions import WITH_LAST

View = Literal["mine", "unassigned", "bot", "all"]
Sort = Literal["newest", "waiting"]
NEWEST = 2**62

# Said as in the indexes: SQLite takes them then.
_IS_HUMAN = text("sessions.mode = 'human'")
_IS_UNREAD = text("sessions.unread > 0")
_WAITS = text("sessions.waiting_since IS NOT NULL")
_OF_BOTS = sessions.c.bot_id.in_(bindparam("bot_ids", expanding=True))


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions a list shows.

    ``mine`` are those ``me``, an operator's id, has; ``unassigned`` those whose customer waits for
    a person that nobody is yet. Both are open, unless another ``state`` is asked for.
    """

    view: View = "all"
    me: str = ""
    unread: bool = False
    state: State | None = None
    label: str | None = None


class Counts(msgspec.Struct, frozen=True, rename="camel"):
    """How many of the sessions of the bots that were asked for are in each view.

    ``unread``: how many have something unread; ``unread_messages``: how much that is in all.
    """

    unread: int
    unread_messages: int
    mine: int
    unassigned: int
    bot: int
    all: int


def page(
    connection: Connection,
    bot_ids: Sequence[str],
    shown: Shown,
    *,
    before: int | None = None,
    limit: int,
) -> Sequence[Any]:
    """Sessions by newest activity, below ``before``, a ``last_seq``."""
    values = _values(bot_ids, shown) | {"before": NEWEST if before is None else before}
    statement = _newest(*_key(bot_ids, shown))
    return connection.execute(statement, values | {"limit": limit}).all()


def waiting(
    connection: Connection,
    bot_ids: Sequence[str],
    shown: Shown,
    *,
    after: tuple[float, str] | None = None,
    limit: int,
) -> Sequence[Any]:
    """Sessions whose customer waits for a person, the one that waits longest first.

    ``after`` are the ``waiting_since`` and the id of the last one of the page before.
    """
    since, session_id = after or (0.0, "")
    values = _values(bot_ids, shown) | {"since": since, "last_id": session_id, "limit": limit}
    return connection.execute(_waiting(*_key(bot_ids, shown)), values).all()


def found(
    connection: Connection, bot_ids: Sequence[str], shown: Shown, hits: Sequence[Hit]
) -> Sequence[Any]:
    """The sessions of these hits that are shown, in the order of the hits."""
    values = _values(bot_ids, shown) | {"session_ids": [hit.session_id for hit in hits]}
    rows = connection.execute(_found(*_key(bot_ids, shown)), values).all()
    by_id = {row.id: row for row in rows}
    return [by_id[hit.session_id] for hit in hits if hit.session_id in by_id]


def counts(connection: Connection, bot_ids: Sequence[str], me: str) -> Counts:
    """How many there are in each view, whatever the list shows."""
    row = connection.execute(_COUNTS, {"bot_ids": list(bot_ids), "me": me}).one()
    bot = row.all - row.human
    return Counts(row.unread, row.messages, row.mine, row.unassigned, bot, row.all)


# What a statement depends on; the rest is bound.
_Key = tuple[bool, View, bool, bool, bool]


def _key(bot_ids: Sequence[str], shown: Shown) -> _Key:
    has_state, has_label = shown.state is not None, shown.label is not None
    return len(bot_ids) == 1, shown.view, shown.unread, has_state, has_label


def _values(bot_ids: Sequence[str], shown: Shown) -> dict[str, Any]:
    values: dict[str, Any] = {"me": shown.me, "state": shown.state, "label": shown.label}
    return values | {"bot_id": bot_ids[0], "bot_ids": list(bot_ids)}


def _conditions(one: bool, view: View, unread: bool, has_state: bool, has_label: bool) -> list[Any]:
    conditions: list[Any] = [sessions.c.bot_id == bindparam("bot_id") if one else _OF_BOTS]
    match view:
        case "mine":
            conditions += [_IS_HUMAN, sessions.c.assignee_id == bindparam("me")]
        case "unassigned":
            conditions += [_IS_HUMAN, sessions.c.assignee_id.is_(None), _WAITS]
        case "bot":
            conditions.append(sessions.c.mode == "bot")
    if has_state:
        conditions.append(sessions.c.state == bindparam("state"))
    elif view in ("mine", "unassigned"):
        conditions.append(sessions.c.state == "open")
    if unread:
        conditions.append(_IS_UNREAD)
    if has_label:
        labelled = select(session_labels.c.session_id).where(
            session_labels.c.label == bindparam("label")
        )
        conditions.append(sessions.c.id.in_(labelled))
    return conditions


@lru_cache
def _newest(*key: Any) -> Select[Any]:
    # Of few among many, all are found by their own index and sorted: no index of the order is
    # walked in vain. Of many, the newest are found in the index of the order alone.
    is_few = key[1] in ("mine", "unassigned") or key[-1]
    order: Any = sessions.c.last_seq + 0 if is_few else sessions.c.last_seq
    newest = (
        select(sessions.c.id)
        .where(*_conditions(*key), order < bindparam("before"))
        .order_by(order.desc())
        .limit(bindparam("limit"))
        .subquery()
    )
    # Only these are read, with their messages.
    return WITH_LAST.where(sessions.c.id.in_(select(newest.c.id))).order_by(
        sessions.c.last_seq.desc()
    )


@lru_cache
def _waiting(*key: Any) -> Select[Any]:
    since: Any = bindparam("since")
    last_id: Any = bindparam("last_id")
    later = or_(
        sessions.c.waiting_since > since,
        (sessions.c.waiting_since == since) & (sessions.c.id > last_id),
    )
    return (
        WITH_LAST.where(*_conditions(*key), _WAITS, later)
        .order_by(sessions.c.waiting_since, sessions.c.id)
        .limit(bindparam("limit"))
    )


@lru_cache
def _found(*key: Any) -> Select[Any]:
    these = sessions.c.id.in_(bindparam("session_ids", expanding=True))
    return WITH_LAST.where(*_conditions(*key), these)


def _count(*conditions: Any) -> Any:
    return select(func.count()).select_from(sessions).where(_OF_BOTS, *conditions)


_IS_OPEN = sessions.c.state == "open"
_UNREAD = select(
    func.count().label("unread"), func.coalesce(func.sum(sessions.c.unread), 0).label("messages")
).where(_OF_BOTS, _IS_UNREAD)
# Each read off an index that holds these sessions only; all of them, off the narrowest.
_COUNTS = select(
    _UNREAD.subquery(),
    _count().scalar_subquery().label("all"),
    _count(_IS_HUMAN).scalar_subquery().label("human"),
    _count(_IS_HUMAN, sessions.c.assignee_id == bindparam("me"), _IS_OPEN)
    .scalar_subquery()
    .label("mine"),
    _count(_IS_HUMAN, sessions.c.assignee_id.is_(None), _WAITS, _IS_OPEN)
    .scalar_subquery()
    .label("unassigned"),
)
