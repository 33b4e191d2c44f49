"""What links a bot to WhatsApp, piece by piece: written by its holder, with the holder's fence."""

from collections.abc import Mapping

from sqlalchemy import Connection, and_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from services.errors import CannotStart
from services.store import bot_states
from services.store.leases import IS_LIVE
from services.store.schema import bots, credentials, leases

_THIS = credentials.c.bot_id == bindparam("bot")
_LOAD = select(credentials.c.name, credentials.c.value).where(_THIS)
_SAVE = insert(credentials)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=["bot_id", "name"], set_={"value": _SAVE.excluded.value}
)
_BOT = select(bots.c.id).where(bots.c.id == bindparam("bot"))
_HOLDER = (
    select(leases.c.holder, and_(leases.c.holder.is_not(None), IS_LIVE).label("is_held"))
    .where(leases.c.bot_id == bindparam("bot"))
    .with_for_update()
)
_FORGET = delete(credentials).where(_THIS, credentials.c.name == bindparam("piece"))


def load(connection: Connection, bot_id: str) -> dict[str, str]:
    """Every piece by its name."""
    return {row.name: row.value for row in connection.execute(_LOAD, {"bot": bot_id})}


def save(connection: Connection, bot_id: str, fence: int, pieces: Mapping[str, str | None]) -> bool:
    """Keep these, delete those that are None. False, and nothing is changed, without the fence."""
    if not bot_states.lock(connection, bot_id, fence):
        return False
    for name, value in pieces.items():
        if value is None:
            connection.execute(_FORGET, {"bot": bot_id, "piece": name})
        else:
            connection.execute(_SAVE, {"bot_id": bot_id, "name": name, "value": value})
    return True


def of_all(connection: Connection) -> dict[str, dict[str, str]]:
    """Every bot's pieces, of those that have some."""
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(select(credentials).order_by(credentials.c.bot_id)):
        found.setdefault(row.bot_id, {})[row.name] = row.value
    return found


def put(connection: Connection, bot_id: str, pieces: Mapping[str, str]) -> None:
    """Have these and no others, of a bot that runs nowhere. CannotStart says why that can't be."""
    if connection.execute(_BOT, {"bot": bot_id}).first() is None:
        raise CannotStart(f"{bot_id}: the store has no such bot; copy the store first")
    refuse_held(connection, bot_id)
    connection.execute(delete(credentials).where(_THIS), {"bot": bot_id})
    rows = [{"bot_id": bot_id, "name": name, "value": value} for name, value in pieces.items()]
    connection.execute(_SAVE, rows)


def refuse_held(connection: Connection, bot_id: str) -> None:
    """CannotStart where a process holds the bot; none takes it until this transaction ends."""
    row = connection.execute(_HOLDER, {"bot": bot_id}).first()
    if row is not None and row.is_held:
        raise CannotStart(f"{bot_id}: {row.holder} runs it; stop every process first")
