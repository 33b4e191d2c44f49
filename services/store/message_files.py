"""Statements on the files of messages: which are to be fetched, where each is kept."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from services.store.schema import messages

_TO_FETCH = (
    select(
        messages.c.seq, messages.c.bot_id, messages.c.session_id, messages.c.id, messages.c.media
    )
    .where(
        messages.c.bot_id == bindparam("bot_id"),
        messages.c.file == "",
        messages.c.seq < bindparam("before"),
    )
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
)
_IS_KEPT_FOR = (
    select(messages.c.seq)
    .where(messages.c.bot_id == bindparam("bot_id"), messages.c.file == bindparam("key"))
    .limit(1)
)
_FILE = select(messages.c.file).where(messages.c.seq == bindparam("of_seq"))
_FETCHED = update(messages).where(messages.c.seq == bindparam("of_seq"), messages.c.file == "")
_NEWEST = 2**62


def to_fetch(
    connection: Connection, bot_id: str, *, before: int | None = None, limit: int
) -> Sequence[Any]:
    """Whose file is to be fetched, newest first: ``seq, bot_id, session_id, id, media``."""
    values = {"bot_id": bot_id, "before": _NEWEST if before is None else before, "limit": limit}
    return connection.execute(_TO_FETCH, values).all()


def file_of(connection: Connection, seq: int) -> str | None:
    """The key of its file; ``""``: it is to be fetched; None: there is none."""
    return connection.execute(_FILE, {"of_seq": seq}).scalar()


def set_file(connection: Connection, seq: int, key: str) -> bool:
    """Its file is kept under this key. False where none is to be fetched for it any more."""
    return bool(connection.execute(_FETCHED.values(file=key), {"of_seq": seq}).rowcount)


def set_missing(connection: Connection, row: Any, missing: str) -> bool:
    """Its file can't be had, for this reason. False where none is to be fetched any more."""
    media = {name: value for name, value in row.media.items() if name != "download"}
    values = {"file": None, "media": {**media, "missing": missing}}
    return bool(connection.execute(_FETCHED.values(values), {"of_seq": row.seq}).rowcount)


def is_kept_for(connection: Connection, bot_id: str, key: str) -> bool:
    """Whether a message of the bot has its file under this key."""
    return connection.execute(_IS_KEPT_FOR, {"bot_id": bot_id, "key": key}).first() is not None
