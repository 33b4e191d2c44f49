"""/api/bots: the bots, how each is doing, and what can be asked of its connection."""

import msgspec

from handlers.answers import Accepted
from handlers.base import BaseHandler
from handlers.calls import Body, call
from handlers.requests.inputs import BotName, Connect
from services.bots.bots import Bot, Bots
from services.bots.status import BotStatus
from services.errors import Conflict, Forbidden, NotFound, Unavailable


class BotList(msgspec.Struct, frozen=True):
    """The caller's bots, oldest first."""

    bots: list[Bot]


class BotsHandler(BaseHandler):
    bots: Bots

    @call(200, refuses=(Unavailable,))
    async def get(self) -> BotList:
        """The caller's bots."""
        return BotList(await self.bots.visible(self.claims().may))

    @call(201, refuses=(Unavailable,))
    async def post(self, body: Body[BotName]) -> Bot:
        """Add a bot. For admins."""
        self.admin()
        return await self.bots.add(body.read().name)


class BotHandler(BaseHandler):
    bots: Bots

    @call(200, refuses=(Forbidden, NotFound, Unavailable))
    async def get(self, bot_id: str) -> Bot:
        """One bot."""
        self.claims().require_bot(bot_id)
        return await self.bots.get(bot_id)

    @call(200, refuses=(NotFound, Unavailable))
    async def patch(self, bot_id: str, body: Body[BotName]) -> Bot:
        """Rename a bot. For admins."""
        self.admin().require_bot(bot_id)
        return await self.bots.rename(bot_id, body.read().name)

    @call(204, refuses=(NotFound, Unavailable))
    async def delete(self, bot_id: str) -> None:
        """Unlink a bot and forget its chats. For admins."""
        self.admin().require_bot(bot_id)
        await self.bots.remove(bot_id)


class BotStatusHandler(BaseHandler):
    """``/status`` and ``/qr``: the same answer, as those who polled for one got both."""

    bots: Bots

    @call(200, refuses=(Forbidden, NotFound, Unavailable))
    async def get(self, bot_id: str) -> BotStatus:
        """How a bot is doing, with its QR code where it shows one."""
        self.claims().require_bot(bot_id)
        return await self.bots.status(bot_id)


class ConnectHandler(BaseHandler):
    bots: Bots

    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str, body: Body[Connect]) -> Accepted:
        """Connect a bot; where it is not linked, it shows a QR code, or a code to enter.

        The body may be empty.
        """
        self.claims().require_bot(bot_id)
        pair_with = body.read().pair_with if self.has_body else None
        await self.bots.connect(bot_id, pair_with and pair_with.removeprefix("+"))
        return Accepted()


class DisconnectHandler(BaseHandler):
    bots: Bots

    @call(202, refuses=(NotFound, Unavailable))
    async def post(self, bot_id: str) -> Accepted:
        """Disconnect a bot; it stays linked."""
        self.claims().require_bot(bot_id)
        await self.bots.disconnect(bot_id)
        return Accepted()


class UnlinkHandler(BaseHandler):
    bots: Bots

    @call(202, refuses=(NotFound, Unavailable))
    async def post(self, bot_id: str) -> Accepted:
        """Unlink a bot from WhatsApp."""
        self.claims().require_bot(bot_id)
        await self.bots.log_out(bot_id)
        return Accepted()
