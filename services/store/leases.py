"""Who holds which bot: rows of PostgreSQL, judged by the clock of the database.

Each statement is a transaction by itself, which the server ends whatever becomes of us: a process
that is frozen must not keep a lock that others wait for.
"""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import (
    Connection,
    bindparam,
    create_engine,
    delete,
    extract,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from services.errors import Unavailable
from services.store.database import UNAVAILABLE, driver_url, passing_trouble
from services.store.schema import bots, leases, processes

T = TypeVar("T")

STATEMENT_SECONDS = 2.0  # one statement, waiting for a row included
# A process is forgotten so long after it was last heard of.
FORGET_SECONDS = 60.0

NOW = extract("epoch", func.clock_timestamp())
_UNTIL = NOW + bindparam("seconds")
_ME = bindparam("me", type_=Text)
_MINE = func.any(bindparam("mine", type_=ARRAY(Text)))
IS_LIVE = leases.c.expires > NOW

_COME = insert(processes).values(id=_ME, expires=_UNTIL)
_COME = _COME.on_conflict_do_update(index_elements=["id"], set_={"expires": _UNTIL})
_FORGET = delete(processes).where(processes.c.expires < NOW - FORGET_SECONDS)
_GO = delete(processes).where(processes.c.id == _ME)
_ADD = (
    insert(leases)
    .from_select(
        ["bot_id", "fence", "expires"],
        select(bots.c.id, literal(0), literal(0.0)).where(
            ~select(leases.c.bot_id).where(leases.c.bot_id == bots.c.id).exists()
        ),
    )
    .on_conflict_do_nothing()
)
_RENEW = (
    update(leases)
    .where(leases.c.holder == _ME, leases.c.bot_id == _MINE, IS_LIVE)
    .values(expires=_UNTIL)
    .returning(leases.c.bot_id)
)
# What is ours by the table, and not by what we know, is what we let go of too late to say so.
_IS_FREE = or_(
    leases.c.holder.is_(None),
    leases.c.expires <= NOW,
    (leases.c.holder == _ME) & (leases.c.bot_id != func.all(bindparam("mine", type_=ARRAY(Text)))),
)
_FREE = (
    select(leases.c.bot_id)
    .where(_IS_FREE)
    .order_by(leases.c.bot_id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
    .cte("free")
)
_TAKE = (
    update(leases)
    .where(leases.c.bot_id == _FREE.c.bot_id)
    .values(holder=_ME, fence=leases.c.fence + 1, expires=_UNTIL)
    .returning(leases.c.bot_id, leases.c.fence)
)
_GIVE_BACK = (
    update(leases)
    .where(leases.c.holder == _ME, leases.c.bot_id == _MINE)
    .values(holder=None, expires=0)
)
_GIVE_ALL_BACK = update(leases).where(leases.c.holder == _ME).values(holder=None, expires=0)
_COUNTS = (
    select(processes.c.id, func.count(leases.c.bot_id).label("held"))
    .outerjoin(leases, (leases.c.holder == processes.c.id) & IS_LIVE)
    .where(processes.c.expires > NOW)
    .group_by(processes.c.id)
)
_BOTS = select(func.count()).select_from(leases)
_NEXT_END = select(func.min(leases.c.expires) - NOW).where(leases.c.holder != _ME, IS_LIVE)


class Leases:
    """A connection and a thread of its own: nothing else that is done makes a renewal late.

    ``me`` names this process, one start of it.
    """

    def __init__(self, url: str, me: str) -> None:
        self.me = me
        milliseconds = round(STATEMENT_SECONDS * 1000)
        self._engine = create_engine(
            driver_url(url),
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": round(STATEMENT_SECONDS),
                "tcp_user_timeout": milliseconds,
                "options": f"-c statement_timeout={milliseconds}",
            },
            hide_parameters=True,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
        )
        self._thread = ThreadPoolExecutor(1, "leases")

    async def do(self, function: Callable[[Connection], T], seconds: float | None = None) -> T:
        """What ``function`` gives. Unavailable after ``seconds``: it may be carried out yet."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(self._thread, self._run, function)
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None

    async def close(self) -> None:
        """Let the connection go; a statement that hangs is left to itself."""
        letting_go = asyncio.wrap_future(self._thread.submit(self._engine.dispose))
        await asyncio.wait([letting_go], timeout=STATEMENT_SECONDS)
        self._thread.shutdown(wait=False)

    def _run(self, function: Callable[[Connection], T]) -> T:
        with passing_trouble(), self._engine.connect() as connection:
            return function(connection)


def renew(connection: Connection, me: str, mine: Collection[str], seconds: float) -> set[str]:
    """Be there, and hold these bots, for so long from now on. Those that are held."""
    connection.execute(_COME, {"me": me, "seconds": seconds})
    values = {"me": me, "mine": list(mine), "seconds": seconds}
    return {row.bot_id for row in connection.execute(_RENEW, values)} if mine else set()


def room(connection: Connection, me: str) -> int:
    """How many bots more this process should hold; below 0: so many too many."""
    connection.execute(_FORGET)
    connection.execute(_ADD)
    held: dict[str, int] = {row.id: row.held for row in connection.execute(_COUNTS)}
    total: int = connection.execute(_BOTS).scalar_one()
    return share(held, me, total) - held.get(me, 0)


def share(held: dict[str, int], me: str, total: int) -> int:
    """How many of ``total`` bots are for this process, of those that hold so many now.

    Evenly; what can't be divided is for those that hold most already, so that nothing moves.
    """
    if me not in held:
        return 0
    each, left = divmod(total, len(held))
    ranks = sorted(held, key=lambda one: (-held[one], one))
    return each + (ranks.index(me) < left)


def take(
    connection: Connection, me: str, mine: Collection[str], count: int, seconds: float
) -> dict[str, int]:
    """Up to ``count`` bots that nobody holds, each with its new fence."""
    values = {"me": me, "mine": list(mine), "count": count, "seconds": seconds}
    return {row.bot_id: row.fence for row in connection.execute(_TAKE, values)}


def next_end(connection: Connection, me: str) -> float | None:
    """Seconds until the first lease of somebody else runs out, should it not be renewed."""
    seconds: float | None = connection.execute(_NEXT_END, {"me": me}).scalar_one()
    return seconds


def give_back(connection: Connection, me: str, mine: Collection[str]) -> None:
    """Let others have these bots, at once."""
    connection.execute(_GIVE_BACK, {"me": me, "mine": list(mine)})


def leave(connection: Connection, me: str) -> None:
    """Hold nothing, and take nothing more."""
    connection.execute(_GO, {"me": me})
    connection.execute(_GIVE_ALL_BACK, {"me": me})
