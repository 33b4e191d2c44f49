"""/api/sessions: the chats of the caller's bots, and an operator's part in them."""

from typing import Literal

import msgspec

from handlers.base import BaseHandler
from handlers.requests.inputs import Content, page_size, search_text
from services.bots.bots import Bots
from services.chats.conversations import Conversations
from services.chats.snapshots import Snapshots
from services.errors import Invalid

MOST_BOTS = 100


class ModeChange(msgspec.Struct, frozen=True):
    """Who answers from now on."""

    mode: Literal["bot", "human"]


class SessionsHandler(BaseHandler):
    """GET ``?botId=…&botId=…&q=…&before=…&limit=…``."""

    bots: Bots
    snapshots: Snapshots

    async def get(self) -> None:
        claims = self.claims()
        bot_ids = list(dict.fromkeys(filter(None, self.query_list("botId"))))
        if not bot_ids:
            raise Invalid("Missing botId", field="botId")
        if len(bot_ids) > MOST_BOTS:
            raise Invalid(f"{MOST_BOTS} bots at most", field="botId")
        for bot_id in bot_ids:
            claims.require_bot(bot_id)
            self.bots.get(bot_id)
        page = await self.snapshots.page(
            bot_ids,
            search=search_text(self.query("q") or ""),
            before=self.query("before"),
            limit=page_size(self.query("limit")),
        )
        self.reply(page)


class _OneSession(BaseHandler):
    """A session of another's bot is NotFound: no hint that there is one."""

    conversations: Conversations
    snapshots: Snapshots


class SessionHandler(_OneSession):
    """GET one; PATCH ``{mode}``."""

    async def get(self, session_id: str) -> None:
        self.reply(await self.snapshots.get(session_id, self.claims().may))

    async def patch(self, session_id: str) -> None:
        may = self.claims().may
        change = self.body(ModeChange)
        self.reply(await self.conversations.set_mode(session_id, change.mode, may))


class MessagesHandler(_OneSession):
    """GET ``?before=…&limit=…``; POST ``{content}``, an operator's answer."""

    async def get(self, session_id: str) -> None:
        page = await self.snapshots.messages(
            session_id,
            before=self.query("before"),
            limit=page_size(self.query("limit")),
            may=self.claims().may,
        )
        self.reply(page)

    async def post(self, session_id: str) -> None:
        may = self.claims().may
        answer = self.body(Content)
        message_id = await self.conversations.answer(session_id, answer.content, may)
        self.reply({"id": message_id}, 202)


class ReadHandler(_OneSession):
    """POST: nothing is unread any more."""

    async def post(self, session_id: str) -> None:
        self.reply(await self.conversations.read(session_id, self.claims().may))
