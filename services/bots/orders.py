"""What should be with the bots that are held here, carried out as the store has it.

Running or not, to be unlinked, messages to send: any process writes that down, and the holder
looks at it every few seconds. A wake-up only makes that sooner.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from services.bots.connections import stopped
from services.bots.held_bot import HeldBot
from services.chats.answering import Answering
from services.chats.outbox import Outbox
from services.errors import Unavailable
from services.store import bot_states
from services.store.database import Connection
from services.store.ledger import Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import Gateway, Sink

log = logging.getLogger(__name__)


class Orders:
    """``records`` are those of the bots held here; ``feed`` takes what a stop leads to."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        records: dict[str, HeldBot],
        feed: Sink,
        outbox: Outbox,
        answering: Answering,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._records: dict[str, HeldBot] = records
        self._feed = feed
        self._outbox = outbox
        self._answering = answering
        self._again: dict[str, bool] = {}  # by bot that is being seen to: whether to look again
        self.tasks = Tasks()

    def release(self, bot_id: str) -> None:
        """Do nothing for this bot any more; whoever holds it next does."""
        self._answering.release(bot_id)
        self._outbox.release(bot_id)

    async def close(self) -> None:
        await self.tasks.close()

    async def look(self, bots: Collection[str]) -> None:
        """See to what should be with these. Unavailable."""

        def read(connection: Connection) -> tuple[Mapping[str, Any], set[str]]:
            rows = {row.id: row for row in bot_states.of(connection, bots)}
            return rows, bot_states.with_pending(connection, bots)

        if not bots:
            return
        rows, pending = await self._ledger.read(read)
        for bot_id in bots:
            if bot_id in self._again:
                self._again[bot_id] = True
            elif not self.tasks.closed and self._is_due(bot_id, rows.get(bot_id), pending):
                self._again[bot_id] = False
                self.tasks.start(self._see_to(bot_id, rows.get(bot_id)), f"Seeing to {bot_id}")

    def _is_due(self, bot_id: str, row: Any, pending: set[str]) -> bool:
        record = self._records.get(bot_id)
        if record is None or record.leaving:
            return False
        return row is None or row.asked > row.answered or not record.began or bot_id in pending

    async def _see_to(self, bot_id: str, row: Any) -> None:
        try:
            await self._carry_out(bot_id, row)
        except Unavailable:
            pass  # there is a next look
        finally:
            again = self._again.pop(bot_id)
        if again:
            await self.look([bot_id])

    async def _carry_out(self, bot_id: str, row: Any) -> None:
        record = self._records.get(bot_id)
        if record is None or not record.is_held:
            return
        if row is None:  # removed
            record.leaving = True
            self.release(bot_id)
            await self._gateway.log_out(bot_id)
            self._records.pop(bot_id, None)
            return
        if row.asked > row.answered or not record.began:
            await self._obey(bot_id, record, row)
        await self._outbox.look(bot_id)

    async def _obey(self, bot_id: str, record: HeldBot, row: Any) -> None:
        is_asked = row.asked > row.answered
        if row.unlink:
            await self._gateway.log_out(bot_id)
            self._feed(stopped(bot_id, 401, "Unlinked by an operator"))
        if not record.is_held:
            return
        if row.wanted:
            await self._gateway.start(bot_id)
        elif not row.unlink and is_asked:
            await self._gateway.stop(bot_id)
            self._feed(stopped(bot_id, None, "Disconnected by an operator"))
        record.began = True
        if is_asked:
            await self._ledger.change(
                lambda change: bot_states.answer(
                    change.connection, bot_id, record.fence, row.asked
                ),
                bot=bot_id,
            )
