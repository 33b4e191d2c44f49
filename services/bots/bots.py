"""The bots: which there are, which should run, and how each is doing right now.

Names, links and desired states are in the store; the present status and QR code are kept here,
so that a page that comes late sees what the events showed. Both change in the same step as
their event.
"""

import logging
import secrets
import time
from collections.abc import Callable

import msgspec

from services.bots.connections import stopped
from services.bots.status import BotRecord, BotState, BotStatus
from services.bus.events import (
    BotDisconnected,
    User,
)
from services.errors import Conflict, NotFound
from services.store import bots as store
from services.store.ledger import Change, Ledger
from services.timestamps import iso
from services.whatsapp.gateway import Gateway, Sink

log = logging.getLogger(__name__)

NO_SUCH_BOT = "No such bot"


class Bot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A bot as the REST face shows it; ``status`` as in ``BotStatus``."""

    id: str
    name: str
    status: str
    connected: bool
    user: User | None
    reason: str | None
    created_at: str


def bot_of(bot_id: str, name: str, created_at: float, state: BotState) -> Bot:
    """As it is shown."""
    return Bot(
        id=bot_id,
        name=name,
        status=state.status,
        connected=state.status == "connected",
        user=state.user,
        reason=state.reason,
        created_at=iso(created_at),
    )


class Bots:
    """``feed`` is the gateway's sink: what is done here takes its place in the bot's order.

    ``records`` are those of the bots there are, by their ids.
    """

    def __init__(self, ledger: Ledger, gateway: Gateway, feed: Sink) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._feed = feed
        self.records: dict[str, BotRecord] = {}

    async def open(self) -> None:
        """Read the bots, and start those that were running and linked."""
        rows = await self._ledger.read(store.every)
        for row in rows:
            user = User(id=row.user_id, name=row.user_name) if row.user_id else None
            self.records[row.id] = BotRecord(row.name, row.created_at, BotState(user=user))
        for row in rows:
            if row.wanted and row.user_id:
                try:
                    await self._gateway.start(row.id)
                except Exception:
                    log.exception("Bot %s could not be started", row.id)

    async def visible(self, may: Callable[[str], bool]) -> list[Bot]:
        """The bots for which ``may`` is true, oldest first."""
        return [
            bot_of(bot_id, record.name, record.created_at, record.state)
            for bot_id, record in self.records.items()
            if may(bot_id)
        ]

    async def get(self, bot_id: str) -> Bot:
        """One bot. NotFound."""
        record = self._record(bot_id)
        return bot_of(bot_id, record.name, record.created_at, record.state)

    async def status(self, bot_id: str) -> BotStatus:
        """How the bot is doing, with the cursor of the events that led there. NotFound."""
        return self._record(bot_id).state.shown(self._ledger.cursor())

    def exists(self, bot_id: str) -> bool:
        return bot_id in self.records

    def is_connected(self, bot_id: str) -> bool:
        """Whether a message could go out now. Any thread may ask."""
        record = self.records.get(bot_id)
        return record is not None and record.state.status == "connected"

    def holds(self, bot_id: str) -> bool:
        """There is no other process."""
        return True

    def still_holds(self, connection: object, bot_id: str) -> bool:
        return True

    def may_send(self, connection: object, bot_id: str) -> bool:
        return self.is_connected(bot_id)

    def wake(self, bot_id: str) -> None:
        """Whoever stores something for a bot has it sent."""

    def keep(self, change: Change, bot_id: str, state: BotState) -> None:
        """Show this state once the change is committed."""
        record = self.records.get(bot_id)
        if record is not None:
            change.on_commit(lambda: setattr(record, "state", state))

    async def add(self, name: str) -> Bot:
        """A new bot, at rest."""
        bot_id, created_at = f"bot-{secrets.token_hex(6)}", time.time()

        def add(change: Change) -> None:
            store.add(change.connection, bot_id, name, created_at)
            record = BotRecord(name, created_at, BotState())
            change.on_commit(lambda: self.records.update({bot_id: record}))

        await self._ledger.change(add)
        return await self.get(bot_id)

    async def rename(self, bot_id: str, name: str) -> Bot:
        """NotFound."""
        record = self._record(bot_id)

        def rename(change: Change) -> None:
            require(store.rename(change.connection, bot_id, name))
            change.on_commit(lambda: setattr(record, "name", name))

        await self._ledger.change(rename)
        return await self.get(bot_id)

    async def remove(self, bot_id: str) -> None:
        """Forget the bot, its sessions and messages, and unlink it. NotFound."""
        record = self._record(bot_id)

        def remove(change: Change) -> None:
            require(store.remove(change.connection, bot_id))
            change.on_commit(lambda: self.records.__delitem__(bot_id))
            if record.state.status != "disconnected":
                change.publish(removed(bot_id))

        await self._ledger.change(remove)
        # Only now: a start that came before the removal is ended too, and none comes after.
        await self._gateway.log_out(bot_id)

    async def connect(self, bot_id: str, pair_with: str | None = None) -> None:
        """Begin to connect, or to show a QR where the bot is not linked. NotFound.

        ``pair_with``, a number's digits: a code for that phone instead of a QR; Conflict where
        the bot is linked.
        """
        if pair_with is not None and self._record(bot_id).state.user is not None:
            raise Conflict("The bot is linked already; unlink it first")
        await self._set_desired_state(bot_id, running=True)
        self._record(bot_id)
        await self._gateway.start(bot_id, pair_with)

    async def disconnect(self, bot_id: str) -> None:
        """Disconnect; the link stays. NotFound."""
        await self._set_desired_state(bot_id, running=False)
        await self._gateway.stop(bot_id)
        self._feed(stopped(bot_id, None, "Disconnected by an operator"))

    async def log_out(self, bot_id: str) -> None:
        """Disconnect and unlink: the next ``connect`` shows a QR. NotFound."""
        await self._set_desired_state(bot_id, running=False)
        await self._gateway.log_out(bot_id)
        self._feed(stopped(bot_id, 401, "Unlinked by an operator"))

    async def _set_desired_state(self, bot_id: str, *, running: bool) -> None:
        self._record(bot_id)
        await self._ledger.change(
            lambda change: require(
                store.set_desired_state(change.connection, bot_id, running=running)
            )
        )

    def _record(self, bot_id: str) -> BotRecord:
        try:
            return self.records[bot_id]
        except KeyError:
            raise NotFound(NO_SUCH_BOT) from None


def require(there_is_one: bool) -> None:
    """NotFound where a statement found no bot."""
    if not there_is_one:
        raise NotFound(NO_SUCH_BOT)


def removed(bot_id: str) -> BotDisconnected:
    """What is announced of a bot that was not at rest when it was removed."""
    return BotDisconnected(
        bot_id=bot_id, status_code=None, reason="Removed by an operator", will_reconnect=False
    )
