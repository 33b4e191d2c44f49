"""/api/operators: who may sign in, and what they see. For admins, as far as their own bots go."""

import msgspec

from handlers.base import BaseHandler
from handlers.calls import Body, call
from services.access.accounts import NewOperator, Operator, OperatorChange
from services.bots.bots import Bots
from services.bus.events import Author
from services.errors import Conflict, Forbidden, NotFound, Unavailable


class OperatorList(msgspec.Struct, frozen=True):
    """Every operator, by name."""

    operators: list[Operator]


class Colleagues(msgspec.Struct, frozen=True):
    """Who may have a bot's chats, by name."""

    operators: list[Author]


class ColleaguesHandler(BaseHandler):
    """For everyone who sees the bot: who gives a chat away has to know to whom."""

    bots: Bots

    @call(200, refuses=(Forbidden, NotFound))
    async def get(self, bot_id: str) -> Colleagues:
        """Who can be given a chat of this bot."""
        self.claims().require_bot(bot_id)
        await self.bots.get(bot_id)
        return Colleagues(
            [
                Author(id=operator.id, name=operator.username)
                for operator in self.access.all()
                if operator.scope is None or bot_id in operator.scope
            ]
        )


class OperatorsHandler(BaseHandler):
    @call(200, refuses=(Forbidden, Unavailable))
    async def get(self) -> OperatorList:
        """Who may sign in."""
        self.admin()
        await self.access.look()
        return OperatorList(self.access.all())

    @call(201, refuses=(Conflict, Unavailable))
    async def post(self, body: Body[NewOperator]) -> Operator:
        """Add an operator."""
        within = self.admin().bots
        return await self.access.add(body.read(), within)


class OperatorHandler(BaseHandler):
    @call(200, refuses=(NotFound, Conflict, Unavailable))
    async def patch(self, operator_id: str, body: Body[OperatorChange]) -> Operator:
        """Change an operator; it counts at once. A new password ends every sign-in."""
        within = self.admin().bots
        return await self.access.change(operator_id, body.read(), within)

    @call(204, refuses=(NotFound, Conflict, Unavailable))
    async def delete(self, operator_id: str) -> None:
        """Remove an operator; their sign-ins and streams end."""
        await self.access.remove(operator_id, self.admin().bots)
