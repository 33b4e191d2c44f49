"""The chats as pages read them: each snapshot with the cursor it belongs to."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from services.bus.events import Message, Session
from services.errors import Invalid, NotFound
from services.store import chats, messages, search, sessions
from services.store.database import Connection
from services.store.ledger import Ledger

May = Callable[[str], bool]
_Page = tuple[list[Session], int | None, list[Message]]


class Counts(msgspec.Struct, frozen=True, rename="camel"):
    """Of all the chats of the bots that were asked for: how many have something unread, and how
    many messages are."""

    unread: int
    unread_messages: int


class SessionPage(msgspec.Struct, frozen=True, rename="camel"):
    """Sessions, newest activity first; ``before`` asks for the next page, None: the last.

    ``matches`` are the messages that a search found sessions by, each session's newest.
    """

    sessions: list[Session]
    cursor: str
    before: str | None
    matches: list[Message]
    counts: Counts


class MessagePage(msgspec.Struct, frozen=True, rename="camel"):
    """Messages, oldest to newest; ``before`` asks for the page before, None: the first."""

    messages: list[Message]
    cursor: str
    before: str | None


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
        *,
        search: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> SessionPage:
        """The bots' sessions, ``limit`` at a time."""
        place = _place(before)
        look = _found if search else _newest

        def read(connection: Connection) -> tuple[_Page, tuple[int, int]]:
            page = look(connection, bot_ids, search, place, limit)
            return page, sessions.counts(connection, bot_ids)

        ((page, more, matches), counts), cursor = await self._ledger.snapshot(read)
        before = None if more is None else str(more)
        return SessionPage(page, cursor, before, matches, Counts(*counts))

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

        def read(connection: Connection) -> tuple[list[Message], str | None]:
            visible(connection, session_id, may)
            rows = messages.page(connection, session_id, before=place, limit=limit + 1)
            more = str(rows[limit - 1].seq) if len(rows) > limit else None
            return [messages.message_of(row) for row in reversed(rows[:limit])], more

        (page, more), cursor = await self._ledger.snapshot(read)
        return MessagePage(page, cursor, more)


def visible(connection: Connection, session_id: str, may: May) -> Any:
    """The session's row. NotFound, with no hint of other people's."""
    row = chats.get(connection, session_id)
    if not may(row.bot_id):
        raise NotFound(chats.NO_SUCH_CHAT)
    return row


def _newest(
    connection: Connection, bot_ids: Sequence[str], _: str, before: int | None, limit: int
) -> _Page:
    rows = sessions.page(connection, bot_ids, before=before, limit=limit + 1)
    more = rows[limit - 1].last_seq if len(rows) > limit else None
    return [sessions.session_of(row) for row in rows[:limit]], more, []


def _found(
    connection: Connection, bot_ids: Sequence[str], wanted: str, before: int | None, limit: int
) -> _Page:
    hits, more = search.search(connection, bot_ids, wanted, before=before, limit=limit)
    seqs = [hit.message_seq for hit in hits if hit.message_seq is not None]
    matches = [messages.message_of(row) for row in messages.by_seq(connection, seqs)]
    return [sessions.session_of(row) for row in sessions.found(connection, hits)], more, matches


def _place(before: str | None) -> int | None:
    """A page's ``before`` as the order of arrival it stands for."""
    if before is None:
        return None
    if not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise Invalid("Not a page's `before`", field="before")
    return int(before)
