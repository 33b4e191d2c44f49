"""What time alone changes about a chat: the bot takes back what a person left, a snooze ends.

Both are found by looking at the rows, so that no stop, crash or other process matters: whoever
looks first makes the change, and whoever looks second finds nothing.
"""

import asyncio
import logging
import time

from services.bus.events import SessionUpdated
from services.errors import Unavailable
from services.store import chats, sessions
from services.store.ledger import Change, Ledger
from services.tasks import Tasks

log = logging.getLogger(__name__)

# How late something may be; two look-ups in small indexes each time.
LOOK_SECONDS = 1.0


class Due:
    """``human``: seconds without a person's message after which the bot has a chat again; 0: never.

    Running between ``start`` and ``close``.
    """

    def __init__(self, ledger: Ledger, human: float) -> None:
        self._ledger = ledger
        self._human = human
        self._tasks = Tasks()

    def start(self) -> None:
        self._tasks.start(self._look(), "Looking for what is due")

    async def close(self) -> None:
        await self._tasks.close()

    async def _look(self) -> None:
        while True:
            try:
                await self.settle()
            except Unavailable:
                log.warning("What is due waits for the store")
            await asyncio.sleep(LOOK_SECONDS)

    async def settle(self) -> None:
        """Make the changes that are due by now."""
        now = time.time()
        # Before a person ever did something there is nothing to take back.
        left = now - self._human if self._human else 0.0
        for session_id in await self._ledger.read(
            lambda connection: sessions.due(connection, now, left)
        ):
            await self._settle(session_id, now, left)

    async def _settle(self, session_id: str, now: float, left: float) -> None:
        def store(change: Change) -> None:
            session = chats.settle(change.connection, session_id, now, left)
            if session is not None:
                change.publish(SessionUpdated(bot_id=session.bot_id or "", session=session))

        await self._ledger.change(store, session=session_id)
