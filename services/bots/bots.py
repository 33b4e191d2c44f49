"""The bots: which there are, which should run, and how each is doing right now.

Names, links and wishes are in the store; the present status and QR code are kept here, so that
a page that comes late sees what the events said. Both change in the same step as their event.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

import msgspec
from sqlalchemy import Update, delete, insert, select, update

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
from services.store.ledger import Ledger
from services.store.schema import bots as table
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


class _Kept(msgspec.Struct):
    name: str
    created_at: float
    state: BotState


class Bots:
    """``feed`` is the gateway's sink: what is done here takes its place in the bot's order."""

    def __init__(self, ledger: Ledger, gateway: Gateway, feed: Sink) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._feed = feed
        self._bots: dict[str, _Kept] = {}

    async def open(self) -> None:
        """Read the bots, and start those that were running and linked."""
        async with self._ledger.snapshot() as (connection, _):
            rows = (await connection.execute(select(table).order_by(table.c.created_at))).all()
        for row in rows:
            user = User(id=row.user_id, name=row.user_name) if row.user_id else None
            self._bots[row.id] = _Kept(row.name, row.created_at, BotState(user=user))
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
        kept = self._kept(bot_id)
        return Bot(
            id=bot_id,
            name=kept.name,
            status=kept.state.status,
            connected=kept.state.status == "connected",
            user=kept.state.user,
            reason=kept.state.reason,
            created_at=iso(kept.created_at),
        )

    def status(self, bot_id: str) -> BotStatus:
        """How the bot is doing, with the cursor of the events that say so. NotFound."""
        return self._kept(bot_id).state.shown(self._ledger.cursor())

    def exists(self, bot_id: str) -> bool:
        return bot_id in self._bots

    def is_connected(self, bot_id: str) -> bool:
        """Whether a message could go out now."""
        kept = self._bots.get(bot_id)
        return kept is not None and kept.state.status == "connected"

    async def add(self, name: str) -> Bot:
        """A new bot, at rest."""
        bot_id, created_at = f"bot-{secrets.token_hex(6)}", time.time()
        async with self._ledger.change() as change:
            await change.connection.execute(
                insert(table).values(id=bot_id, name=name, wanted=False, created_at=created_at)
            )
            change.then(lambda: self._bots.update({bot_id: _Kept(name, created_at, BotState())}))
        return self.get(bot_id)

    async def rename(self, bot_id: str, name: str) -> Bot:
        """NotFound."""
        kept = self._kept(bot_id)
        async with self._ledger.change() as change:
            await change.connection.execute(
                update(table).where(table.c.id == bot_id).values(name=name)
            )
            change.then(lambda: setattr(kept, "name", name))
        return self.get(bot_id)

    async def remove(self, bot_id: str) -> None:
        """Unlink the bot and forget it, its sessions and messages. NotFound."""
        kept = self._kept(bot_id)
        await self._gateway.log_out(bot_id)
        async with self._ledger.change() as change:
            await change.connection.execute(delete(table).where(table.c.id == bot_id))
            change.then(lambda: self._bots.__delitem__(bot_id))
            if kept.state.status != "disconnected":
                change.tell(
                    BotDisconnected(
                        bot_id=bot_id,
                        status_code=None,
                        reason="Removed by an operator",
                        will_reconnect=False,
                    )
                )

    async def connect(self, bot_id: str) -> None:
        """Begin to connect, or to show a QR where the bot is not linked. NotFound."""
        await self._wish(bot_id, wanted=True)
        await self._gateway.start(bot_id)

    async def disconnect(self, bot_id: str) -> None:
        """Disconnect; the link stays. NotFound."""
        await self._wish(bot_id, wanted=False)
        await self._gateway.stop(bot_id)
        self._feed(_stopped(bot_id, None, "Disconnected by an operator"))

    async def log_out(self, bot_id: str) -> None:
        """Disconnect and unlink: the next ``connect`` shows a QR. NotFound."""
        await self._wish(bot_id, wanted=False)
        await self._gateway.log_out(bot_id)
        self._feed(_stopped(bot_id, 401, "Logged out by an operator"))

    async def take(self, event: GatewayEvent) -> None:
        """What the gateway says of a bot's connection; of a bot that is gone, nothing."""
        kept = self._bots.get(event.bot_id)
        if kept is None:
            return
        state = kept.state
        match event:
            case Connecting(attempt=attempt):
                state.connecting()
                self._ledger.tell(BotConnecting(bot_id=event.bot_id, attempt=attempt))
            case QrShown():
                await self._show(event, state)
            case QrExpired():
                async with self._ledger.change() as change:
                    await change.connection.execute(_row(event.bot_id, wanted=False))
                    change.then(lambda: state.rest("Nobody scanned the QR code"))
                    change.tell(BotQrExpired(bot_id=event.bot_id))
            case Connected(user_id=user_id, name=name):
                user = User(id=user_id, name=name)
                async with self._ledger.change() as change:
                    await change.connection.execute(
                        _row(event.bot_id, wanted=True, user_id=user_id, user_name=name)
                    )
                    change.then(lambda: state.online(user))
                    change.tell(BotConnected(bot_id=event.bot_id, user=user))
            case Disconnected():
                await self._disconnected(event, state)
            case Failed(reason=reason):
                state.fail(reason)
                self._ledger.tell(
                    BotDisconnected(
                        bot_id=event.bot_id,
                        status_code=None,
                        reason=reason,
                        will_reconnect=False,
                    )
                )

    async def _show(self, event: QrShown, state: BotState) -> None:
        # Drawing takes some 20 ms, too long for the loop that every stream lives on.
        image = await asyncio.to_thread(qr_image, event.code)
        async with self._ledger.change() as change:
            if state.user is not None:
                # What has to be scanned lost its link while nobody was listening.
                await change.connection.execute(_row(event.bot_id, user_id=None, user_name=None))
            change.then(lambda: state.show_qr(image, event.seq, event.expires_at))
            change.tell(
                BotQr(
                    bot_id=event.bot_id,
                    qr=image,
                    code=event.code,
                    seq=event.seq,
                    expires_at=iso(event.expires_at),
                )
            )

    async def _disconnected(self, event: Disconnected, state: BotState) -> None:
        unlinked = event.status_code == 401 and state.user is not None
        if state.status == "disconnected" and not unlinked and not event.will_reconnect:
            return  # said before: a stop that was asked for is told by whoever is first
        async with self._ledger.change() as change:
            if unlinked:
                await change.connection.execute(
                    _row(event.bot_id, wanted=False, user_id=None, user_name=None)
                )
            elif not event.will_reconnect:
                await change.connection.execute(_row(event.bot_id, wanted=False))
            change.then(
                lambda: state.lost(
                    event.reason,
                    retry_in_ms=event.retry_in_ms if event.will_reconnect else None,
                    unlinked=unlinked,
                )
            )
            change.tell(
                BotDisconnected(
                    bot_id=event.bot_id,
                    status_code=event.status_code,
                    reason=event.reason,
                    will_reconnect=event.will_reconnect,
                    retry_in_ms=event.retry_in_ms,
                )
            )

    async def _wish(self, bot_id: str, *, wanted: bool) -> None:
        self._kept(bot_id)
        async with self._ledger.change() as change:
            await change.connection.execute(_row(bot_id, wanted=wanted))

    def _kept(self, bot_id: str) -> _Kept:
        try:
            return self._bots[bot_id]
        except KeyError:
            raise NotFound("No such bot") from None


def _row(bot_id: str, **values: str | bool | None) -> Update:
    return update(table).where(table.c.id == bot_id).values(**values)


def _stopped(bot_id: str, status_code: int | None, reason: str) -> Disconnected:
    return Disconnected(bot_id=bot_id, status_code=status_code, reason=reason, will_reconnect=False)
