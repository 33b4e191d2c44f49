"""Events that are committed and not yet known to be published: rows in the order of their bot.

A row is written in the transaction of the change that it announces, by a process that holds the
bot's lock: its id is beyond those of every row of the bot that was committed before. For several
processes, on PostgreSQL, only.
"""

import logging
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from services.bus.events import BotEvent, Event
from services.bus.publisher import Row
from services.store.schema import marks, unpublished

# Of one publication: what has piled up while Redis was away comes in so many at a time.
CHUNK = 500

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(BotEvent)

# In one statement for all rows, past SQLAlchemy's sorting of what it inserts: ids go up in the
# order of the arrays. ``before`` is of the view before the statement: what others left behind.
_ADD = text(
    "INSERT INTO unpublished (bot_id, body, written_by, at)"
    " SELECT bot_id, body, :process, extract(epoch FROM clock_timestamp())"
    " FROM unnest(:bots, :bodies) WITH ORDINALITY AS event (bot_id, body, place) ORDER BY place"
    " RETURNING id,"
    " EXISTS (SELECT FROM unpublished AS old WHERE old.bot_id = ANY (:bots)) AS before"
).bindparams(bindparam("bots", type_=ARRAY(Text)), bindparam("bodies", type_=ARRAY(Text)))
_IDS = func.any(bindparam("bots", type_=ARRAY(Text)))
_OLDEST = (
    select(unpublished.c.id, unpublished.c.bot_id, unpublished.c.body)
    .where(unpublished.c.bot_id == _IDS)
    .order_by(unpublished.c.id)
    .limit(CHUNK)
)
_REMOVE = delete(unpublished).where(
    unpublished.c.bot_id == _IDS, unpublished.c.id <= bindparam("last")
)
_AGE = func.extract("epoch", func.clock_timestamp()) - func.min(unpublished.c.at)
_LEFT = (
    select(unpublished.c.bot_id, func.min(unpublished.c.written_by).label("written_by"))
    .group_by(unpublished.c.bot_id)
    .having(bindparam("seconds") <= _AGE)
    .order_by(func.min(unpublished.c.id))
)


class Rows(msgspec.Struct, frozen=True):
    """Rows to be published, in their order; ``last`` is the id of the newest, 0 for none.

    ``behind``: there are others of their bots that come before them.
    """

    rows: list[Row]
    last: int
    behind: bool = False


def store_id(connection: Connection) -> str:
    """What distinguishes this store's rows from those of any other."""
    name: str = connection.execute(select(marks.c.store)).scalar_one()
    return name


def add(connection: Connection, store: str, process: str, events: Sequence[Event]) -> Rows:
    """Note these events, of which there is one at least."""
    values = {
        "process": process,
        "bots": [event.bot_id for event in events],
        "bodies": [_encode(event).decode() for event in events],
    }
    added = connection.execute(_ADD, values).all()
    rows = [Row(_key(store, row.id), event) for row, event in zip(added, events, strict=True)]
    return Rows(rows, added[-1].id, behind=added[0].before)


def oldest(connection: Connection, store: str, bots: Collection[str]) -> Rows:
    """The oldest rows of these bots, ``CHUNK`` at most."""
    found = connection.execute(_OLDEST, {"bots": list(bots)}).all()
    rows = []
    for row in found:
        try:
            rows.append(Row(_key(store, row.id), _decoder.decode(row.body)))
        except msgspec.ValidationError:
            # Not even by trying again: all that comes after it would wait for ever.
            log.exception("An event of bot %s can't be published", row.bot_id)
    return Rows(rows, found[-1].id if found else 0)


def remove(connection: Connection, bots: Collection[str], last: int) -> None:
    """The rows of these bots up to this one are published."""
    connection.execute(_REMOVE, {"bots": list(bots), "last": last})


def left(connection: Connection, seconds: float) -> dict[str, str]:
    """The bots with rows at least so old, and who wrote some of them; the oldest first."""
    found = connection.execute(_LEFT, {"seconds": seconds})
    return {row.bot_id: row.written_by for row in found}


def _key(store: str, row_id: int) -> str:
    return f"{store}-{row_id}"
