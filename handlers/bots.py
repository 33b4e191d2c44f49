"""/api/bots: the bots, how each is doing, and what can be asked of its connection."""

from handlers.base import BaseHandler
from handlers.requests.inputs import BotName
from services.bots.bots import Bots


class BotsHandler(BaseHandler):
    """GET lists the caller's bots; POST ``{name}`` adds one, for admins."""

    bots: Bots

    def get(self) -> None:
        claims = self.claims()
        self.reply({"bots": self.bots.visible(claims.may)})

    async def post(self) -> None:
        self.claims().require_admin()
        self.reply(await self.bots.add(self.body(BotName).name), 201)


class BotHandler(BaseHandler):
    """GET one; PATCH ``{name}`` and DELETE are for admins."""

    bots: Bots

    def get(self, bot_id: str) -> None:
        self.claims().require_bot(bot_id)
        self.reply(self.bots.get(bot_id))

    async def patch(self, bot_id: str) -> None:
        self._require_admin(bot_id)
        self.reply(await self.bots.rename(bot_id, self.body(BotName).name))

    async def delete(self, bot_id: str) -> None:
        self._require_admin(bot_id)
        await self.bots.remove(bot_id)
        self.reply_empty()

    def _require_admin(self, bot_id: str) -> None:
        claims = self.claims()
        claims.require_admin()
        claims.require_bot(bot_id)


class BotStatusHandler(BaseHandler):
    """GET ``/status`` and ``/qr``: the same answer, as those who polled for one got both."""

    bots: Bots

    def get(self, bot_id: str) -> None:
        self.claims().require_bot(bot_id)
        self.reply(self.bots.status(bot_id))


class BotCommandHandler(BaseHandler):
    """POST ``/connect``, ``/disconnect``, ``/logout``: 202, and what comes of it are events."""

    bots: Bots

    async def post(self, bot_id: str, command: str) -> None:
        self.claims().require_bot(bot_id)
        commands = {
            "connect": self.bots.connect,
            "disconnect": self.bots.disconnect,
            "logout": self.bots.log_out,
        }
        await commands[command](bot_id)
        self.reply({}, 202)
