"""What links a bot to WhatsApp, piece by piece: written by its holder, with the holder's fence."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from services.store import bot_states
from services.store.schema import credentials

_THIS = credentials.c.bot_id == bindparam("bot")
_LOAD = select(credentials.c.name, credentials.c.value).where(_THIS)
_SAVE = insert(credentials)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=["bot_id", "name"], set_={"value": _SAVE.excluded.value}
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
