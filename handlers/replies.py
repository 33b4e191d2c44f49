"""/api/replies: canned replies, shared by all operators."""

import msgspec

from handlers.base import BaseHandler
from handlers.calls import Body, call
from services.chats.replies import NewReply, Replies, Reply, ReplyChange
from services.errors import Conflict, NotFound, Unavailable


class ReplyList(msgspec.Struct, frozen=True):
    """All canned replies."""

    replies: list[Reply]


class RepliesHandler(BaseHandler):
    replies: Replies

    @call(200, refuses=(Unavailable,))
    async def get(self) -> ReplyList:
        """Every canned reply, by shortcut."""
        self.claims()
        return ReplyList(await self.replies.all())

    @call(201, refuses=(Conflict, Unavailable))
    async def post(self, body: Body[NewReply]) -> Reply:
        """Add one."""
        self.claims()
        return await self.replies.add(body.read())


class ReplyHandler(BaseHandler):
    replies: Replies

    @call(200, refuses=(NotFound, Conflict, Unavailable))
    async def patch(self, reply_id: str, body: Body[ReplyChange]) -> Reply:
        """Change one."""
        self.claims()
        return await self.replies.change(reply_id, body.read())

    @call(204, refuses=(NotFound, Unavailable))
    async def delete(self, reply_id: str) -> None:
        """Remove one."""
        self.claims()
        await self.replies.remove(reply_id)
