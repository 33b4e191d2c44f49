"""Statements on bots."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, delete, insert, select, update

from services.store import discards
from services.store.schema import bots

_ALL = select(bots).order_by(bots.c.created_at)
_ADD = insert(bots)
_THIS = bots.c.id == bindparam("bot_id")
_RENAME = update(bots).where(_THIS).values(name=bindparam("new_name"))
_SET_DESIRED = update(bots).where(_THIS).values(wanted=bindparam("running"))
_ASK = (
    update(bots)
    .where(_THIS)
    .values(
        wanted=bindparam("running"),
        asked=bots.c.asked + 1,
        unlink=bots.c.unlink | bindparam("log_out", type_=Boolean),
    )
)
_LINK = (
    update(bots)
    .where(_THIS)
    .values(wanted=True, user_id=bindparam("account"), user_name=bindparam("account_name"))
)
_UNLINK = update(bots).where(_THIS).values(user_id=None, user_name=None)
_REMOVE = delete(bots).where(_THIS)


def every(connection: Connection) -> Sequence[Any]:
    """All bots, oldest first: ``id, name, wanted, user_id, user_name, created_at``."""
    return connection.execute(_ALL).all()


def add(connection: Connection, bot_id: str, name: str, created_at: float) -> None:
    """A new bot that should not run yet."""
    values = {"id": bot_id, "name": name, "wanted": False, "created_at": created_at}
    connection.execute(_ADD, values)


def rename(connection: Connection, bot_id: str, name: str) -> bool:
    """False where there is no such bot; so do the others."""
    return _changed(connection, _RENAME, bot_id=bot_id, new_name=name)


def set_desired_state(connection: Connection, bot_id: str, *, running: bool) -> bool:
    """Whether it should be running."""
    return _changed(connection, _SET_DESIRED, bot_id=bot_id, running=running)


def ask(connection: Connection, bot_id: str, *, running: bool, log_out: bool = False) -> bool:
    """The same, for whoever holds the bot to act on; ``log_out``: unlink it first."""
    return _changed(connection, _ASK, bot_id=bot_id, running=running, log_out=log_out)


def link(connection: Connection, bot_id: str, user_id: str, user_name: str | None) -> bool:
    """It is linked to this WhatsApp account, and should be running."""
    return _changed(connection, _LINK, bot_id=bot_id, account=user_id, account_name=user_name)


def unlink(connection: Connection, bot_id: str) -> bool:
    """It is linked to no account any more."""
    return _changed(connection, _UNLINK, bot_id=bot_id)


def remove(connection: Connection, bot_id: str) -> bool:
    """Forget the bot, its sessions and messages; its files go then."""
    discards.add(connection, f"{bot_id}/")
    return _changed(connection, _REMOVE, bot_id=bot_id)


def _changed(connection: Connection, statement: Any, **values: Any) -> bool:
    return bool(connection.execute(statement, values).rowcount)
