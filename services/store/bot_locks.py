"""One writer at a time for each bot, over all processes: advisory locks of PostgreSQL.

A lock belongs to a connection, from before a change until its events are published, and goes with
it. A process that is frozen meanwhile, or cut off, keeps it for ``IDLE_SECONDS``: the server then
ends the connection, and what was left is somebody else's to publish.
"""

from collections.abc import Collection
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection

# More than a publication takes (2 s), less than others wait for a lock (5 s).
IDLE_SECONDS = 4
_LOCK = f"""
SELECT {{}}(%s), set_config('idle_session_timeout', '{IDLE_SECONDS * 1000}', false)
"""
_WAIT = _LOCK.format("pg_advisory_lock")
_TRY = _LOCK.format("pg_try_advisory_lock")
# With what was published removed in the same statement, which need not reach the disk: what comes
# back after a crash is published under the keys of before.
_UNLOCK = """
WITH gone AS (DELETE FROM unpublished WHERE bot_id = ANY (%s) AND id <= %s)
SELECT pg_advisory_unlock_all(), set_config('idle_session_timeout', '0', false),
    set_config('synchronous_commit', 'off', true)
"""


def number(bot_id: str) -> int:
    """The lock's, of all that 64 bits have: two bots may share one, and then wait needlessly."""
    digest = blake2b(bot_id.encode(), digest_size=8, person=b"pulso bot").digest()
    return int.from_bytes(digest, signed=True)


def lock(connection: Connection, bot_id: str) -> None:
    """Wait for the bot's lock, for the connection's ``lock_timeout`` at most."""
    connection.exec_driver_sql(_WAIT, (number(bot_id),)).close()


def try_lock(connection: Connection, bot_id: str) -> bool:
    """Take the bot's lock if nobody has it."""
    return bool(connection.exec_driver_sql(_TRY, (number(bot_id),)).one()[0])


def unlock(connection: Connection, bots: Collection[str], published: int) -> None:
    """Let go of every lock; the rows of these bots up to ``published`` are done with."""
    connection.rollback()
    driver: Any = connection.connection.driver_connection
    # One statement, and no BEGIN and COMMIT around it. Where it fails the connection is no use.
    driver.autocommit = True
    connection.exec_driver_sql(_UNLOCK, (list(bots), published)).close()
    connection.rollback()
    driver.autocommit = False
