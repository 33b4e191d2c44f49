"""Files that nothing refers to any more, until they are gone: statements on them.

A removal of the store and one of a file can't be one step. What is to go is noted in the first, so
that a process that dies in between leaves no file behind for ever.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.store.schema import discards

_ALL = select(discards.c.key).order_by(discards.c.at).limit(bindparam("limit"))
_REMOVE = delete(discards).where(discards.c.key == bindparam("of_key"))


def add(connection: Connection, key: str) -> None:
    """The file of this key may go once no message of its bot has it; ``bot/``: all of a bot."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(discards).values(key=key, at=time.time())
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))


def oldest(connection: Connection, limit: int) -> Sequence[str]:
    """Those that wait longest."""
    return connection.execute(_ALL, {"limit": limit}).scalars().all()


def remove(connection: Connection, key: str) -> None:
    """It is done."""
    connection.execute(_REMOVE, {"of_key": key})
