"""Statements on what a bot's days were like: chats, messages by who wrote them, waiting times."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, cast, func, select

from services.store.schema import messages

# The number of the day since 1970, in the time zone that is so many seconds ahead of UTC.
_SECONDS: Any = bindparam("ahead")
# Rounded and not floored, which not every SQLite can; PostgreSQL's cast would round anyway. A bit
# more than a half is left: PostgreSQL rounds midnight itself to the even day.
_HALF = 0.499_999_999
_DAY = cast(func.round((messages.c.timestamp + _SECONDS) / 86_400 - _HALF), Integer).label("day")
_OF_BOT = (messages.c.bot_id == bindparam("bot_id")) & (messages.c.timestamp >= bindparam("since"))
_COUNTED = (
    select(_DAY, messages.c.from_me, messages.c.origin, func.count().label("messages"))
    .where(_OF_BOT)
    .group_by("day", messages.c.from_me, messages.c.origin)
)
_CHATS = (
    select(_DAY, func.count(messages.c.session_id.distinct()).label("chats"))
    .where(_OF_BOT)
    .group_by("day")
)
_WAITED = select(_DAY, messages.c.waited).where(_OF_BOT, messages.c.waited.is_not(None))


def counted(connection: Connection, **values: Any) -> Sequence[Any]:
    """``day, from_me, origin, messages``, of a ``bot_id``, ``since``, with a clock ``ahead``."""
    return connection.execute(_COUNTED, values).all()


def chats(connection: Connection, **values: Any) -> Sequence[Any]:
    """``day, chats``: in how many somebody wrote something."""
    return connection.execute(_CHATS, values).all()


def waited(connection: Connection, **values: Any) -> Sequence[Any]:
    """``day, waited``: the seconds from each customer's question to a person's answer."""
    return connection.execute(_WAITED, values).all()
