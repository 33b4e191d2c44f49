"""GET /api/bots/{id}/figures: what a bot's days were like."""

from typing import Annotated

import msgspec

from handlers.base import BaseHandler
from handlers.calls import Query, call
from services.bots.bots import Bots
from services.chats.figures import Day, Figures
from services.errors import Forbidden, NotFound, Unavailable


class FiguresQuery(msgspec.Struct, frozen=True):
    """How many days; ``offset``: the minutes that their clock is ahead of UTC."""

    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14
    offset: Annotated[int, msgspec.Meta(ge=-840, le=840)] = 0


class Days(msgspec.Struct, frozen=True):
    """A bot's last days, today last."""

    days: list[Day]


class FiguresHandler(BaseHandler):
    bots: Bots
    figures: Figures

    @call(200, refuses=(Forbidden, NotFound, Unavailable))
    async def get(self, bot_id: str, query: Query[FiguresQuery]) -> Days:
        """Per day: chats, messages in and out by who wrote them, how fast a person answered."""
        self.claims().require_bot(bot_id)
        asked = query.read()
        await self.bots.get(bot_id)
        return Days(await self.figures.days(bot_id, asked.days, asked.offset))
