"""Text as it is searched, and the search itself: an index, not a scan.

Case, accents and the ways to write a number don't matter: ``angel`` finds ``ÁNGEL``, and
``600 111`` finds ``+34 600-111-222``. Names, numbers and messages are kept folded beside the
text itself. SQLite's FTS5 and PostgreSQL's pg_trgm look messages up by their trigrams; what is
shorter than three characters is looked for in the newest messages, one stretch of them a page.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, literal_column, select, table, text

from services.store.schema import messages, sessions

TRIGRAM = 3  # characters an index needs
# Hits looked at for a page: a word that is in every message costs no more than this.
MOST_HITS = 5_000
# Messages looked through for a page of what is too short for an index: some 10 ms.
STRETCH = 20_000
_AT_ONCE = 200

_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().+/-]+(?=\d)|\+(?=\d)")
_SPACE = re.compile(r"\s+")


def fold(*texts: str | None) -> str:
    """These texts, one a line, as they are searched."""
    return "\n".join(_folded(text) for text in texts if text)


def _folded(text: str) -> str:
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in plain if not unicodedata.combining(c))
    return _SPACE.sub(" ", _BETWEEN_DIGITS.sub("", text.casefold())).strip()


def fold_contact(name: str | None, *addresses: str | None) -> str:
    """A contact's name and numbers: what stands before the ``@`` of its addresses."""
    return fold(name, *(address and address.partition("@")[0] for address in addresses))


class Hit(msgspec.Struct, frozen=True):
    """A session that was found. ``rank`` orders hits, newest first.

    ``message_seq``: the newest message it was found by, None where by its name or number.
    """

    session_id: str
    rank: int
    message_seq: int | None


_NAMES = (
    select(sessions.c.id, sessions.c.last_seq)
    .where(
        sessions.c.bot_id.in_(bindparam("bot_ids", expanding=True)),
        sessions.c.folded.like(bindparam("pattern"), escape="\\"),
        sessions.c.last_seq < bindparam("before"),
    )
    .order_by(sessions.c.last_seq.desc())
    .limit(bindparam("limit"))
)
_BY_TEXT = select(messages.c.session_id, messages.c.seq, messages.c.bot_id)
_INDEX = table("message_search")
_TEXTS = {
    "sqlite": _BY_TEXT.select_from(
        _INDEX.join(messages, messages.c.seq == literal_column("message_search.rowid"))
    )
    .where(
        text("message_search MATCH :phrase"),
        literal_column("message_search.rowid") < bindparam("before"),
    )
    .order_by(literal_column("message_search.rowid").desc())
    .limit(MOST_HITS),
    "postgresql": _BY_TEXT.where(
        messages.c.folded.like(bindparam("pattern"), escape="\\"),
        messages.c.seq < bindparam("before"),
    )
    .order_by(messages.c.seq.desc())
    .limit(MOST_HITS),
}
_SHORT = (
    _BY_TEXT.where(
        messages.c.folded.like(bindparam("pattern"), escape="\\"),
        messages.c.seq < bindparam("before"),
        messages.c.seq >= bindparam("after"),
    )
    .order_by(messages.c.seq.desc())
    .limit(MOST_HITS)
)
_LAST_SEQ = select(func.max(messages.c.seq)).where(messages.c.seq < bindparam("before"))
_FOUND_BEFORE = (
    select(messages.c.seq)
    .where(
        messages.c.session_id == bindparam("session_id"),
        messages.c.seq >= bindparam("before"),
        messages.c.folded.like(bindparam("pattern"), escape="\\"),
    )
    .limit(1)
)
_NAMED = select(sessions.c.last_seq).where(
    sessions.c.id == bindparam("session_id"),
    sessions.c.folded.like(bindparam("pattern"), escape="\\"),
)
_NEWEST = 2**62


def search(
    connection: Connection, bot_ids: Sequence[str], query: str, *, before: int | None, limit: int
) -> tuple[list[Hit], int | None]:
    """Up to ``limit`` sessions, newest hit first, below the rank ``before``; where to go on.

    A session stands where its newest hit does; one found by its name, at its newest message.
    """
    wanted = fold(query)
    below = _NEWEST if before is None else before
    values: dict[str, Any] = {
        "bot_ids": list(bot_ids),
        "pattern": _pattern(wanted),
        "before": below,
    }
    named = connection.execute(_NAMES, {**values, "limit": limit + 1}).all()
    hits = {row.id: Hit(row.id, row.last_seq, None) for row in named}
    if len(wanted) >= TRIGRAM:
        values["phrase"] = _phrase(wanted)
        looked_at = _add_texts(connection, _TEXTS[connection.dialect.name], hits, values, limit)
    else:
        last: int = connection.execute(_LAST_SEQ, {"before": below}).scalar() or 0
        values["after"] = max(0, last + 1 - STRETCH)
        looked_at = _add_texts(connection, _SHORT, hits, values, limit) or values["after"]
    # A name below what was looked at may stand behind messages that were not.
    ordered = sorted((h for h in hits.values() if h.rank >= looked_at), key=lambda h: -h.rank)
    if len(ordered) > limit:
        return ordered[:limit], ordered[limit - 1].rank
    return ordered, looked_at or None


def _add_texts(
    connection: Connection,
    statement: Any,
    hits: dict[str, Hit],
    values: dict[str, Any],
    limit: int,
) -> int:
    """Add what messages find to what names found.

    The seq down to which messages were looked at, 0 for all of them.
    """
    allowed = frozenset(values["bot_ids"])
    shown_before: set[str] = set()
    rows = connection.execute(statement, values)
    added = count = 0
    for row in rows.yield_per(_AT_ONCE):
        count += 1
        if row.bot_id not in allowed or row.session_id in hits or row.session_id in shown_before:
            continue
        if values["before"] != _NEWEST and _was_shown(connection, row.session_id, values):
            shown_before.add(row.session_id)
            continue
        hits[row.session_id] = Hit(row.session_id, row.seq, row.seq)
        added += 1
        if added > limit:
            rows.close()
            return int(row.seq)
    return int(row.seq) if count == MOST_HITS else 0


def _was_shown(connection: Connection, session_id: str, values: dict[str, Any]) -> bool:
    """Whether a page before this one had the session already."""
    one = {**values, "session_id": session_id}
    named = connection.execute(_NAMED, one).scalar()
    if named is not None and named >= values["before"]:
        return True
    return connection.execute(_FOUND_BEFORE, one).first() is not None


def _pattern(wanted: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", wanted)
    return f"%{escaped}%"


def _phrase(wanted: str) -> str:
    doubled = wanted.replace('"', '""')
    return f'"{doubled}"'
