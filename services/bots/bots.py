"""The bots: which there are, which should run, and how each is doing right now.

Names, links and desired states are in the store; the present status and QR code are kept here,
so that a page that comes late sees what the events showed. Both change in the same step as
their event.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable

import msgspec

from services.bots.qr_image import qr_image
from services.bots.status import BotState, BotStatus
from services.bus.events import (
    BotConnected,
    BotConnecting,
    BotDisconnected,
    BotQr,
    BotQrExpired,
    User,
)
from services.errors import NotFound
from services.store import bots as store
from services.store.ledger import Change, Ledger
from services.timestamps import iso
from services.whatsapp.gateway import (
    Connected,
    Connecting,
    Disconnected,
    Failed,
    Gateway,
    GatewayEvent,
    QrExpired,
    QrShown,
    Sink,
)
from services.whatsapp.intake import Taker

log = logging.getLogger(__name__)


class Bot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A bot as the REST face shows it; ``status`` as in ``BotStatus``."""

    id: str
    name: str
    status: str
    connected: bool
    user: User | None
    reason: str | None
    created_at: str


class _BotRecord(msgspec.Struct):
    name: str
    created_at: float
    state: BotState


class Bots:
    """``feed`` is the gateway's sink: what is done here takes its place in the bot's order.

    ``on_connected(bot_id)`` is awaited once a bot is online and that is published.
    """

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        feed: Sink,
        on_connected: Callable[[str], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._feed = feed
        self._on_connected = on_connected
        self._bots: dict[str, _BotRecord] = {}

    @property
    def takers(self) -> dict[type[GatewayEvent], Taker]:
        """What the gateway's events about connections are given to."""
        return {
            Connecting: self._connecting,
            QrShown: self._qr_shown,
            QrExpired: self._qr_expired,
            Connected: self._connected,
            Disconnected: self._disconnected,
            Failed: self._failed,
        }

    async def open(self) -> None:
        """Read the bots, and start those that were running and linked."""
        rows = await self._ledger.read(store.every)
        for row in rows:
            user = User(id=row.user_id, name=row.user_name) if row.user_id else None
            self._bots[row.id] = _BotRecord(row.name, row.created_at, BotState(user=user))
        for row in rows:
            if row.wanted and row.user_id:
                try:
                    await self._gateway.start(row.id)
                except Exception:
                    log.exception("Bot %s could not be started", row.id)

    def visible(self, may: Callable[[str], bool]) -> list[Bot]:
        """The bots for which ``may`` is true, oldest first."""
        return [self.get(bot_id) for bot_id in self._bots if may(bot_id)]

    def get(self, bot_id: str) -> Bot:
        """One bot. NotFound."""
        record = self._record(bot_id)
        return Bot(
            id=bot_id,
            name=record.name,
            status=record.state.status,
            connected=record.state.status == "connected",
            user=record.state.user,
            reason=record.state.reason,
            created_at=iso(record.created_at),
        )

    def status(self, bot_id: str) -> BotStatus:
        """How the bot is doing, with the cursor of the events that led there. NotFound."""
        return self._record(bot_id).state.shown(self._ledger.cursor())

    def exists(self, bot_id: str) -> bool:
        return bot_id in self._bots

    def is_connected(self, bot_id: str) -> bool:
        """Whether a message could go out now. Any thread may ask."""
        record = self._bots.get(bot_id)
        return record is not None and record.state.status == "connected"

    async def add(self, name: str) -> Bot:
        """A new bot, at rest."""
        bot_id, created_at = f"bot-{secrets.token_hex(6)}", time.time()

        def add(change: Change) -> None:
            store.add(change.connection, bot_id, name, created_at)
            record = _BotRecord(name, created_at, BotState())
            change.on_commit(lambda: self._bots.update({bot_id: record}))

        await self._ledger.change(add)
        return self.get(bot_id)

    async def rename(self, bot_id: str, name: str) -> Bot:
        """NotFound."""
        record = self._record(bot_id)

        def rename(change: Change) -> None:
            _require(store.rename(change.connection, bot_id, name))
            change.on_commit(lambda: setattr(record, "name", name))

        await self._ledger.change(rename)
        return self.get(bot_id)

    async def remove(self, bot_id: str) -> None:
        """Forget the bot, its sessions and messages, and unlink it. NotFound."""
        record = self._record(bot_id)

        def remove(change: Change) -> None:
            _require(store.remove(change.connection, bot_id))
            change.on_commit(lambda: self._bots.__delitem__(bot_id))
            if record.state.status != "disconnected":
                change.publish(
                    BotDisconnected(
                        bot_id=bot_id,
                        status_code=None,
                        reason="Removed by an operator",
                        will_reconnect=False,
                    )
                )

        await self._ledger.change(remove)
        # Only now: a start that came before the removal is ended too, and none comes after.
        await self._gateway.log_out(bot_id)

    async def connect(self, bot_id: str) -> None:
        """Begin to connect, or to show a QR where the bot is not linked. NotFound."""
        await self._set_desired_state(bot_id, running=True)
        self._record(bot_id)
        await self._gateway.start(bot_id)

    async def disconnect(self, bot_id: str) -> None:
        """Disconnect; the link stays. NotFound."""
        await self._set_desired_state(bot_id, running=False)
        await self._gateway.stop(bot_id)
        self._feed(_stopped(bot_id, None, "Disconnected by an operator"))

    async def log_out(self, bot_id: str) -> None:
        """Disconnect and unlink: the next ``connect`` shows a QR. NotFound."""
        await self._set_desired_state(bot_id, running=False)
        await self._gateway.log_out(bot_id)
        self._feed(_stopped(bot_id, 401, "Logged out by an operator"))

    async def _connecting(self, event: Connecting) -> None:
        record = self._bots.get(event.bot_id)
        if record is not None:
            record.state.connecting()
            self._ledger.publish(BotConnecting(bot_id=event.bot_id, attempt=event.attempt))

    async def _qr_shown(self, event: QrShown) -> None:
        record = self._bots.get(event.bot_id)
        if record is None:
            return
        state = record.state
        # Drawing takes some 20 ms, too long for the loop that every stream lives on.
        image = await asyncio.to_thread(qr_image, event.code)

        def show(change: Change) -> None:
            if state.user is not None:
                # What has to be scanned lost its link while nobody was listening.
                store.unlink(change.connection, event.bot_id)
            change.on_commit(lambda: state.show_qr(image, event.seq, event.expires_at))
            change.publish(
                BotQr(
                    bot_id=event.bot_id,
                    qr=image,
                    code=event.code,
                    seq=event.seq,
                    expires_at=iso(event.expires_at),
                )
            )

        await self._ledger.change(show)

    async def _qr_expired(self, event: QrExpired) -> None:
        record = self._bots.get(event.bot_id)
        if record is None:
            return

        def expire(change: Change) -> None:
            store.set_desired_state(change.connection, event.bot_id, running=False)
            change.on_commit(lambda: record.state.rest("Nobody scanned the QR code"))
            change.publish(BotQrExpired(bot_id=event.bot_id))

        await self._ledger.change(expire)

    async def _connected(self, event: Connected) -> None:
        record = self._bots.get(event.bot_id)
        if record is None:
            return
        user = User(id=event.user_id, name=event.name)

        def link(change: Change) -> None:
            store.link(change.connection, event.bot_id, event.user_id, event.name)
            change.on_commit(lambda: record.state.online(user))
            change.publish(BotConnected(bot_id=event.bot_id, user=user))

        await self._ledger.change(link)
        await self._on_connected(event.bot_id)

    async def _disconnected(self, event: Disconnected) -> None:
        record = self._bots.get(event.bot_id)
        if record is None:
            return
        state = record.state
        unlinked = event.status_code == 401 and state.user is not None
        if state.status == "disconnected" and not unlinked and not event.will_reconnect:
            return  # a stop that was asked for is announced by whoever is first

        def disconnect(change: Change) -> None:
            if unlinked:
                store.unlink(change.connection, event.bot_id)
            if not event.will_reconnect:
                store.set_desired_state(change.connection, event.bot_id, running=False)
            change.on_commit(
                lambda: state.lost(
                    event.reason,
                    retry_in_ms=event.retry_in_ms if event.will_reconnect else None,
                    unlinked=unlinked,
                )
            )
            change.publish(
                BotDisconnected(
                    bot_id=event.bot_id,
                    status_code=event.status_code,
                    reason=event.reason,
                    will_reconnect=event.will_reconnect,
                    retry_in_ms=event.retry_in_ms,
                )
            )

        await self._ledger.change(disconnect)

    async def _failed(self, event: Failed) -> None:
        record = self._bots.get(event.bot_id)
        if record is None:
            return
        record.state.fail(event.reason)
        self._ledger.publish(
            BotDisconnected(
                bot_id=event.bot_id,
                status_code=None,
                reason=event.reason,
                will_reconnect=False,
            )
        )

    async def _set_desired_state(self, bot_id: str, *, running: bool) -> None:
        self._record(bot_id)
        await self._ledger.change(
            lambda change: _require(
                store.set_desired_state(change.connection, bot_id, running=running)
            )
        )

    def _record(self, bot_id: str) -> _BotRecord:
        try:
            return self._bots[bot_id]
        except KeyError:
            raise NotFound("No such bot") from None


def _require(there_is_one: bool) -> None:
    if not there_is_one:
        raise NotFound("No such bot")


def _stopped(bot_id: str, status_code: int | None, reason: str) -> Disconnected:
    return Disconnected(bot_id=bot_id, status_code=status_code, reason=reason, will_reconnect=False)
