"""/api/sessions: the chats of the caller's bots, and an operator's part in them."""

import msgspec

from handlers.answers import Queued
from handlers.base import BaseHandler
from handlers.calls import Body, Query, call
from handlers.requests.inputs import Answer, FileForm, FirstMessage, TypingState
from handlers.requests.query import BotsQuery, PageQuery, SessionsQuery
from handlers.uploads import UploadHandler, given
from services.bots.bots import Bots
from services.bus.events import Session
from services.chats.inbox import Inbox
from services.chats.session_change import SessionChange
from services.chats.snapshots import (
    LabelCount,
    MessagePage,
    SessionPage,
    SessionSnapshot,
    Snapshots,
)
from services.errors import Conflict, Forbidden, NotFound, Unavailable
from services.store.session_lists import Shown


class Begun(msgspec.Struct, frozen=True):
    """A chat that an operator began, and the id of a message that shows when its event comes."""

    session: Session
    id: str


class SessionsHandler(BaseHandler):
    bots: Bots
    inbox: Inbox
    snapshots: Snapshots

    @call(201, refuses=(Forbidden, NotFound, Conflict, Unavailable))
    async def post(self, body: Body[FirstMessage]) -> Begun:
        """Begin a chat with a number, or go on with the one there is."""
        claims = self.claims()
        first = body.read()
        claims.require_bot(first.bot_id)
        await self.bots.get(first.bot_id)
        author = self.access.author(claims)
        begun = await self.inbox.begin(first.bot_id, first.contact, first.content, author)
        return Begun(*begun)

    @call(200, refuses=(Forbidden, NotFound, Unavailable))
    async def get(self, query: Query[SessionsQuery]) -> SessionPage:
        """The bots' chats, newest first, and how many there are."""
        claims = self.claims()
        asked = query.read()
        for bot_id in asked.bot_id:
            claims.require_bot(bot_id)
            await self.bots.get(bot_id)
        shown = Shown(
            view=asked.view,
            me=self.access.author(claims).id,
            unread=bool(asked.unread),
            state=asked.state,
            label=asked.label,
        )
        return await self.snapshots.page(
            asked.bot_id,
            shown,
            search=asked.q.strip(),
            sort=asked.sort,
            before=asked.before,
            limit=asked.limit,
        )


class Labels(msgspec.Struct, frozen=True):
    """The labels of chats."""

    labels: list[LabelCount]


class LabelsHandler(BaseHandler):
    bots: Bots
    snapshots: Snapshots

    @call(200, refuses=(Forbidden, NotFound, Unavailable))
    async def get(self, query: Query[BotsQuery]) -> Labels:
        """The labels that the bots' chats have, the most used first."""
        claims = self.claims()
        asked = query.read()
        for bot_id in asked.bot_id:
            claims.require_bot(bot_id)
            await self.bots.get(bot_id)
        return Labels(await self.snapshots.labels(asked.bot_id))


class _OneSession(BaseHandler):
    """A session of another's bot is NotFound: no hint that there is one."""

    inbox: Inbox
    snapshots: Snapshots


class SessionHandler(_OneSession):
    @call(200, refuses=(NotFound, Unavailable))
    async def get(self, session_id: str) -> SessionSnapshot:
        """One chat."""
        return await self.snapshots.get(session_id, self.claims().may)

    @call(200, refuses=(NotFound, Conflict, Unavailable))
    async def patch(self, session_id: str, body: Body[SessionChange]) -> Session:
        """Who has the chat from now on, what state it is in, its labels."""
        claims = self.claims()
        by = self.access.author(claims)
        return await self.inbox.change(session_id, body.read(), by, claims.may)


class MessagesHandler(UploadHandler):
    inbox: Inbox
    snapshots: Snapshots

    @call(200, refuses=(NotFound, Unavailable))
    async def get(self, session_id: str, query: Query[PageQuery]) -> MessagePage:
        """A chat's messages, oldest to newest, a page at a time from the newest backwards."""
        may = self.claims().may
        asked = query.read()
        return await self.snapshots.messages(
            session_id, before=asked.before, limit=asked.limit, may=may
        )

    @call(202, form=FileForm, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, session_id: str, body: Body[Answer]) -> Queued:
        """An operator's answer; it shows when ``message:sent`` comes. As a form: with a file."""
        claims = self.claims()
        author, file = self.access.author(claims), None
        if self.form is None:
            answer = body.read()
            content, quoted = answer.content, answer.quoted
        else:
            fields = await self.form.fields(FileForm)
            content, quoted = fields.content or fields.caption, fields.quoted
            file = given(self.form, fields)
        return Queued(
            await self.inbox.answer(session_id, content, claims.may, author, quoted, file)
        )


class RetryHandler(_OneSession):
    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, session_id: str, message_id: str) -> Queued:
        """Send a message once more that failed, under its id."""
        await self.inbox.retry(session_id, message_id, self.claims().may)
        return Queued(message_id)


class TypingHandler(_OneSession):
    @call(204, refuses=(NotFound, Unavailable))
    async def post(self, session_id: str, body: Body[TypingState]) -> None:
        """An operator writes an answer, or stops: others see who, the customer sees "typing…"."""
        claims = self.claims()
        by = self.access.author(claims)
        await self.inbox.typing(session_id, body.read().state, by, claims.may)


class ReadHandler(_OneSession):
    @call(200, refuses=(NotFound, Unavailable))
    async def post(self, session_id: str) -> Session:
        """Nothing is unread any more; the contact gets blue ticks."""
        return await self.inbox.read(session_id, self.claims().may)


class UnreadHandler(_OneSession):
    @call(200, refuses=(NotFound, Unavailable))
    async def post(self, session_id: str) -> Session:
        """Mark a chat as unread, for who looks next."""
        return await self.inbox.mark_unread(session_id, self.claims().may)
