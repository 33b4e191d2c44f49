"""The chats as pages read them: each snapshot with the cursor it belongs to."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from services.bus.events import Message, Session
from services.errors import Invalid, NotFound
from services.store import chats, labels, messages, search, session_lists, sessions
from services.store.database import Connection
from services.store.ledger import Ledger
from services.store.session_lists import Counts, Shown, Sort

May = Callable[[str], bool]
_Page = tuple[list[Session], str | None, list[Message]]
_Look = Callable[[Connection], _Page]
EVERYTHING = Shown()


class LabelCount(msgspec.Struct, frozen=True):
    """A label, and on how many sessions it is."""

    label: str
    sessions: int


class SessionPage(msgspec.Struct, frozen=True, rename="camel"):
    """Sessions in the order that was asked for; ``before`` asks for the next page, None: the last.

    ``matches`` are the messages that a search found sessions by, each session's newest.
    """

    sessions: list[Session]
    cursor: str
    before: str | None
    matches: list[Message]
    counts: Counts


class MessagePage(msgspec.Struct, frozen=True, rename="camel"):
    """Messages, oldest to newest; ``before`` asks for the page before, None: the first.

    ``version`` is their session's, as they were read: events up to it are in them.
    """

    messages: list[Message]
    cursor: str
    before: str | None
    version: int


class SessionSnapshot(msgspec.Struct, frozen=True, rename="camel"):
    session: Session
    cursor: str


def everyone(_bot_id: str) -> bool:
    return True


class Snapshots:
    """Where a caller's rights matter, ``may`` says which bots they cover."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def page(
        self,
        bot_ids: Sequence[str],
        shown: Shown = EVERYTHING,
        *,
        search: str = "",
        sort: Sort = "newest",
        before: str | None = None,
        limit: int = 50,
    ) -> SessionPage:
        """The bots' sessions that are shown, ``limit`` at a time.

        Those that a search finds come by their newest hit, whatever ``sort`` says; a page of it
        may have fewer than ``limit``.
        """
        if search:
            look = _found(bot_ids, shown, search, _place(before), limit)
        elif sort == "waiting":
            look = _waiting(bot_ids, shown, _waiting_place(before), limit)
        else:
            look = _newest(bot_ids, shown, _place(before), limit)

        def read(connection: Connection) -> tuple[_Page, Counts]:
            return look(connection), session_lists.counts(connection, bot_ids, shown.me)

        ((page, more, matches), counts), cursor = await self._ledger.snapshot(read)
        return SessionPage(page, cursor, more, matches, counts)

    async def labels(self, bot_ids: Sequence[str]) -> list[LabelCount]:
        """The labels of the bots' sessions, the most used first."""
        rows = await self._ledger.read(lambda connection: labels.counted(connection, bot_ids))
        return [LabelCount(row.label, row.sessions) for row in rows]

    async def get(self, session_id: str, may: May = everyone) -> SessionSnapshot:
        """One session. NotFound."""
        row, cursor = await self._ledger.snapshot(
            lambda connection: visible(connection, session_id, may)
        )
        return SessionSnapshot(sessions.session_of(row), cursor)

    async def messages(
        self, session_id: str, *, before: str | None = None, limit: int = 50, may: May = everyone
    ) -> MessagePage:
        """The session's messages, ``limit`` at a time from the newest backwards. NotFound."""
        place = _place(before)

        def read(connection: Connection) -> tuple[list[Message], str | None, int]:
            version: int = visible(connection, session_id, may).version
            rows = messages.page(connection, session_id, before=place, limit=limit + 1)
            more = str(rows[limit - 1].seq) if len(rows) > limit else None
            return [messages.message_of(row) for row in reversed(rows[:limit])], more, version

        (page, more, version), cursor = await self._ledger.snapshot(read)
        return MessagePage(page, cursor, more, version)


def visible(connection: Connection, session_id: str, may: May) -> Any:
    """The session's row. NotFound, with no hint of other people's."""
    row = chats.get(connection, session_id)
    if not may(row.bot_id):
        raise NotFound(chats.NO_SUCH_CHAT)
    return row


def _newest(bot_ids: Sequence[str], shown: Shown, before: int | None, limit: int) -> _Look:
    def look(connection: Connection) -> _Page:
        rows = session_lists.page(connection, bot_ids, shown, before=before, limit=limit + 1)
        more = str(rows[limit - 1].last_seq) if len(rows) > limit else None
        return [sessions.session_of(row) for row in rows[:limit]], more, []

    return look


def _waiting(
    bot_ids: Sequence[str], shown: Shown, after: tuple[float, str] | None, limit: int
) -> _Look:
    def look(connection: Connection) -> _Page:
        rows = session_lists.waiting(connection, bot_ids, shown, after=after, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        more = last and f"{round(last.waiting_since * 1000)}-{last.id}"
        return [sessions.session_of(row) for row in rows[:limit]], more, []

    return look


def _found(
    bot_ids: Sequence[str], shown: Shown, wanted: str, before: int | None, limit: int
) -> _Look:
    def look(connection: Connection) -> _Page:
        hits, more = search.search(connection, bot_ids, wanted, before=before, limit=limit)
        rows = session_lists.found(connection, bot_ids, shown, hits)
        those = {row.id for row in rows}
        seqs = [hit.message_seq for hit in hits if hit.message_seq and hit.session_id in those]
        matches = [messages.message_of(row) for row in messages.by_seq(connection, seqs)]
        page = [sessions.session_of(row) for row in rows]
        return page, None if more is None else str(more), matches

    return look


def _waiting_place(before: str | None) -> tuple[float, str] | None:
    """A page's ``before`` as the ``waiting_since`` and the id of the last session before it."""
    if before is None:
        return None
    since, _, session_id = before.partition("-")
    if not (session_id and since.isascii() and since.isdecimal() and len(since) <= 18):
        raise Invalid("Not a page's `before`", field="before")
    return int(since) / 1000, session_id


def _place(before: str | None) -> int | None:
    """A page's ``before`` as the order of arrival it stands for."""
    if before is None:
        return None
    if not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise Invalid("Not a page's `before`", field="before")
    return int(before)
