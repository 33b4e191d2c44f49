"""What operators know of a contact: when it was here, its chats with every bot, their notes.

A contact is known by its addresses, so that one who writes to several bots is one. ``may`` says
which bots a caller's rights cover; of others nothing is shown.
"""

import secrets
import time
from typing import Annotated, Any

import msgspec

from services.bus.events import Author, Session
from services.chats.snapshots import May, everyone, visible
from services.errors import Forbidden, Invalid, NotFound
from services.store import messages, notes, sessions
from services.store.database import Connection
from services.store.ledger import Change, Ledger
from services.text import NOT_IN_TEXT
from services.timestamps import iso


class Note(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A note on a contact, in the session it was written in."""

    id: str
    session_id: str
    author: Author
    text: str
    created_at: str
    edited_at: str | None


class NoteText(msgspec.Struct, frozen=True):
    """A note's text: 1 to 5,000 characters, not only blanks."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]

    def __post_init__(self) -> None:
        if not self.text.strip() or NOT_IN_TEXT.search(self.text):
            raise Invalid("Text without control characters, not only blanks", field="text")


class Contact(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Who writes, as far as it is known.

    ``first_seen`` is when the first of its chats began, ``last_seen`` when it wrote last; its
    ``sessions`` are with all bots, newest first.
    """

    contact: str
    alt_contact: str | None
    name: str | None
    first_seen: str
    last_seen: str | None
    sessions: list[Session]


class Contacts:
    """Notes are by operators; who wrote one edits and removes it, and so does an admin."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def get(self, session_id: str, may: May = everyone) -> Contact:
        """Who the contact of a session is. NotFound."""
        return await self._ledger.read(lambda connection: _contact(connection, session_id, may))

    async def notes(self, session_id: str, may: May = everyone) -> list[Note]:
        """The notes on the contact of a session, oldest first. NotFound."""

        def read(connection: Connection) -> list[Note]:
            row = visible(connection, session_id, may)
            found = notes.page(connection, _sessions(connection, row, may))
            return [_note(note) for note in found]

        return await self._ledger.read(read)

    async def add_note(
        self, session_id: str, text: str, author: Author, may: May = everyone
    ) -> Note:
        """A new note. NotFound."""

        def store(change: Change) -> Note:
            visible(change.connection, session_id, may)
            values = {"id": secrets.token_urlsafe(9), "session_id": session_id, "text": text}
            by = {"author_id": author.id, "author_name": author.name, "created_at": time.time()}
            notes.add(change.connection, **values, **by)
            return _note(notes.get(change.connection, str(values["id"])))

        return await self._ledger.change(store, session=session_id)

    async def edit_note(
        self, session_id: str, note_id: str, text: str, by: Author, admin: bool, may: May
    ) -> Note:
        """Another text. NotFound; Forbidden where somebody else wrote it."""

        def store(change: Change) -> Note:
            _own(change.connection, session_id, note_id, by, admin, may)
            notes.edit(change.connection, note_id, text, time.time())
            return _note(notes.get(change.connection, note_id))

        return await self._ledger.change(store, session=session_id)

    async def remove_note(
        self, session_id: str, note_id: str, by: Author, admin: bool, may: May
    ) -> None:
        """NotFound; Forbidden where somebody else wrote it."""

        def store(change: Change) -> None:
            _own(change.connection, session_id, note_id, by, admin, may)
            notes.remove(change.connection, note_id)

        await self._ledger.change(store, session=session_id)


def _contact(connection: Connection, session_id: str, may: May) -> Contact:
    row = visible(connection, session_id, may)
    rows = sessions.some(connection, _sessions(connection, row, may))
    seen = [messages.last_received(connection, one.id) for one in rows]
    return Contact(
        contact=row.contact,
        alt_contact=row.alt_contact,
        name=row.name,
        first_seen=iso(min(one.created_at for one in rows)),
        last_seen=iso(max(at for at in seen if at)) if any(seen) else None,
        sessions=[sessions.session_of(one) for one in rows],
    )


def _sessions(connection: Connection, row: Any, may: May) -> list[str]:
    """The ids of the contact's sessions that the caller sees."""
    return [one.id for one in notes.sessions_of(connection, row) if may(one.bot_id)]


def _own(
    connection: Connection, session_id: str, note_id: str, by: Author, admin: bool, may: May
) -> None:
    row = visible(connection, session_id, may)
    note = notes.get(connection, note_id)
    if note is None or note.session_id not in _sessions(connection, row, may):
        raise NotFound("No such note")
    if note.author_id != by.id and not admin:
        raise Forbidden("Somebody else wrote this note")


def _note(row: Any) -> Note:
    return Note(
        id=row.id,
        session_id=row.session_id,
        author=Author(id=row.author_id, name=row.author_name),
        text=row.text,
        created_at=iso(row.created_at),
        edited_at=None if row.edited_at is None else iso(row.edited_at),
    )
