"""/api/operators: who may sign in, and what they see. For admins."""

from handlers.base import BaseHandler
from services.access.accounts import NewOperator, OperatorChange


class OperatorsHandler(BaseHandler):
    def get(self) -> None:
        self.claims().require_admin()
        self.reply({"operators": self.access.all()})

    async def post(self) -> None:
        self.claims().require_admin()
        self.reply(await self.access.add(self.body(NewOperator)), 201)


class OperatorHandler(BaseHandler):
    async def patch(self, operator_id: str) -> None:
        self.claims().require_admin()
        self.reply(await self.access.change(operator_id, self.body(OperatorChange)))

    async def delete(self, operator_id: str) -> None:
        self.claims().require_admin()
        await self.access.remove(operator_id)
        self.reply_empty()
