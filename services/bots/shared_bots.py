"""The bots where there are several processes: the store says how each is, whoever holds it.

What is asked for is written down there, and the bot's holder is woken.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any

from services.bots.bots import NO_SUCH_BOT, Bot, bot_of, removed, require
from services.bots.status import BotStatus, state_of
from services.errors import Conflict, NotFound
from services.store import bot_states
from services.store import bots as store
from services.store.ledger import Change, Ledger


class SharedBots:
    """``wake(bot_id)`` has its holder look at it; ``""``: whoever may hold more bots."""

    def __init__(self, ledger: Ledger, wake: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._wake = wake

    async def visible(self, may: Callable[[str], bool]) -> list[Bot]:
        """The bots for which ``may`` is true, oldest first."""
        rows = await self._ledger.read(bot_states.every)
        return [_bot(row) for row in rows if may(row.id)]

    async def get(self, bot_id: str) -> Bot:
        """One bot. NotFound."""
        row = await self._ledger.read(lambda connection: bot_states.one(connection, bot_id))
        require(row is not None)
        return _bot(row)

    async def status(self, bot_id: str) -> BotStatus:
        """How the bot is doing, with the cursor of the events that led there. NotFound."""
        row, cursor = await self._ledger.snapshot(
            lambda connection: bot_states.one(connection, bot_id)
        )
        require(row is not None)
        return state_of(row).shown(cursor)

    async def add(self, name: str) -> Bot:
        """A new bot, at rest."""
        bot_id, created_at = f"bot-{secrets.token_hex(6)}", time.time()
        await self._ledger.change(
            lambda change: store.add(change.connection, bot_id, name, created_at), bot=bot_id
        )
        self._wake("")
        return await self.get(bot_id)

    async def rename(self, bot_id: str, name: str) -> Bot:
        """NotFound."""
        await self._ledger.change(
            lambda change: require(store.rename(change.connection, bot_id, name)), bot=bot_id
        )
        return await self.get(bot_id)

    async def remove(self, bot_id: str) -> None:
        """Forget the bot, its sessions and messages; its holder unlinks it. NotFound."""

        def remove(change: Change) -> None:
            row = bot_states.one(change.connection, bot_id)
            if row is None:
                raise NotFound(NO_SUCH_BOT)
            require(store.remove(change.connection, bot_id))
            if state_of(row).status != "disconnected":
                change.publish(removed(bot_id))

        await self._ledger.change(remove, bot=bot_id)
        self._wake(bot_id)

    async def connect(self, bot_id: str, pair_with: str | None = None) -> None:
        """Begin to connect, or to show a QR where the bot is not linked. NotFound.

        Conflict with ``pair_with``: what is asked for is stored without a number.
        """
        if pair_with is not None:
            raise Conflict("With several processes a bot is linked by QR, not by code")
        await self._ask(bot_id, running=True)

    async def disconnect(self, bot_id: str) -> None:
        """Disconnect; the link stays. NotFound."""
        await self._ask(bot_id, running=False)

    async def log_out(self, bot_id: str) -> None:
        """Disconnect and unlink: the next ``connect`` shows a QR. NotFound."""
        await self._ask(bot_id, running=False, log_out=True)

    async def _ask(self, bot_id: str, *, running: bool, log_out: bool = False) -> None:
        await self._ledger.change(
            lambda change: require(
                store.ask(change.connection, bot_id, running=running, log_out=log_out)
            ),
            bot=bot_id,
        )
        self._wake(bot_id)


def _bot(row: Any) -> Bot:
    return bot_of(row.id, row.name, row.created_at, state_of(row))
