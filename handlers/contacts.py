"""Who the contact of a chat is, and operators' notes on them."""

import msgspec

from handlers.base import BaseHandler
from handlers.calls import Body, call
from services.chats.contacts import Contact, Contacts, Note, NoteText
from services.errors import Forbidden, NotFound, Unavailable


class Notes(msgspec.Struct, frozen=True):
    """The notes on a contact."""

    notes: list[Note]


class _OfContact(BaseHandler):
    contacts: Contacts


class ContactHandler(_OfContact):
    @call(200, refuses=(NotFound, Unavailable))
    async def get(self, session_id: str) -> Contact:
        """Who the contact of a chat is, with all their chats that the caller may see."""
        return await self.contacts.get(session_id, self.claims().may)


class NotesHandler(_OfContact):
    @call(200, refuses=(NotFound, Unavailable))
    async def get(self, session_id: str) -> Notes:
        """Operators' notes on the contact of a chat, oldest first."""
        return Notes(await self.contacts.notes(session_id, self.claims().may))

    @call(201, refuses=(NotFound, Unavailable))
    async def post(self, session_id: str, body: Body[NoteText]) -> Note:
        """Note something about the contact; the customer never sees it."""
        claims = self.claims()
        text, author = body.read().text, self.access.author(claims)
        return await self.contacts.add_note(session_id, text, author, claims.may)


class NoteHandler(_OfContact):
    @call(200, refuses=(NotFound, Forbidden, Unavailable))
    async def patch(self, session_id: str, note_id: str, body: Body[NoteText]) -> Note:
        """Another text; one's own, or any for an admin."""
        claims = self.claims()
        text, by = body.read().text, self.access.author(claims)
        return await self.contacts.edit_note(
            session_id, note_id, text, by, claims.admin, claims.may
        )

    @call(204, refuses=(NotFound, Forbidden, Unavailable))
    async def delete(self, session_id: str, note_id: str) -> None:
        """Remove a note; one's own, or any for an admin."""
        claims = self.claims()
        by = self.access.author(claims)
        await self.contacts.remove_note(session_id, note_id, by, claims.admin, claims.may)
