"""How each bot is doing, as its holder reports it; and the fence of whoever may report and write.

A holder's fence is put here before it does anything for the bot. Whoever held it before finds a
higher one: from then on nothing that it writes for the bot is taken.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import BigInteger, Text

from services.store.leases import IS_LIVE
from services.store.schema import bot_states, bots, leases, messages

_BOT = bindparam("bot", type_=Text)
_FENCE = bindparam("new_fence", type_=BigInteger)
_STATE = bindparam("new_state", type_=bot_states.c.state.type)
_HELD = and_(bot_states.c.bot_id == _BOT, bot_states.c.fence == _FENCE)

_CLAIM = insert(bot_states).values(bot_id=_BOT, fence=_FENCE, state=_STATE)
_CLAIM = _CLAIM.on_conflict_do_update(
    index_elements=["bot_id"],
    set_={"fence": _FENCE, "state": _STATE},
    where=bot_states.c.fence < _FENCE,
)
_SAVE = update(bot_states).where(_HELD).values(state=_STATE)
_ANSWER = update(bot_states).where(_HELD).values(answered=bindparam("upto"))
_UNLINKED = (
    update(bots)
    .where(bots.c.id == bindparam("bot"), bots.c.asked == bindparam("upto"))
    .values(unlink=False)
)
_LOCK = select(bot_states.c.bot_id).where(_HELD).with_for_update(read=True)

_IS_HELD = func.coalesce(and_(leases.c.holder.is_not(None), IS_LIVE), False).label("is_held")
_SHOWN = (
    select(
        bots,
        bot_states.c.state,
        func.coalesce(bot_states.c.answered, 0).label("answered"),
        _IS_HELD,
        # Between the taking of a lease and its claim the state is still that of the one before.
        (leases.c.fence == bot_states.c.fence).label("is_current"),
        case((_IS_HELD, leases.c.holder)).label("holder"),
    )
    .outerjoin(leases, leases.c.bot_id == bots.c.id)
    .outerjoin(bot_states, bot_states.c.bot_id == bots.c.id)
)
_EVERY = _SHOWN.order_by(bots.c.created_at)
_ONE = _SHOWN.where(bots.c.id == _BOT)
_THESE = _SHOWN.where(bots.c.id == func.any(bindparam("ids", type_=ARRAY(Text))))
_PENDING = (
    select(messages.c.bot_id)
    .where(
        messages.c.ack == "pending",
        messages.c.bot_id == func.any(bindparam("ids", type_=ARRAY(Text))),
    )
    .distinct()
)


def every(connection: Connection) -> Sequence[Any]:
    """The rows of all bots, oldest first.

    Those of ``bots``, and ``state, answered, is_held, is_current, holder``: whether somebody holds
    the bot right now, and whether ``state`` was reported by that holder.
    """
    return connection.execute(_EVERY).all()


def one(connection: Connection, bot_id: str) -> Any:
    """The row of one bot, or None."""
    return connection.execute(_ONE, {"bot": bot_id}).one_or_none()


def of(connection: Connection, ids: Collection[str]) -> Sequence[Any]:
    """The rows of these bots; one that is gone has none."""
    return connection.execute(_THESE, {"ids": list(ids)}).all()


def with_pending(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these bots that have messages to send."""
    return {row.bot_id for row in connection.execute(_PENDING, {"ids": list(ids)})}


def claim(connection: Connection, bot_id: str, fence: int, state: object) -> None:
    """From now on nobody with a lower fence writes for this bot; ``state`` is shown."""
    values = {"bot": bot_id, "new_fence": fence, "new_state": state}
    connection.execute(_CLAIM, values)


def save(connection: Connection, bot_id: str, fence: int, state: object) -> bool:
    """False, and nothing is written, where the bot is another's by now; so do the others."""
    values = {"bot": bot_id, "new_fence": fence, "new_state": state}
    return bool(connection.execute(_SAVE, values).rowcount)


def answer(connection: Connection, bot_id: str, fence: int, asked: int) -> bool:
    """The commands up to this one are carried out."""
    values = {"bot": bot_id, "new_fence": fence, "upto": asked}
    if not connection.execute(_ANSWER, values).rowcount:
        return False
    connection.execute(_UNLINKED, {"bot": bot_id, "upto": asked})
    return True


def lock(connection: Connection, bot_id: str, fence: int) -> bool:
    """Whether the bot is held with this fence, until the end of this transaction."""
    return connection.execute(_LOCK, {"bot": bot_id, "new_fence": fence}).first() is not None
