"""What the gateway reports of the bots' connections: kept, stored and published."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from services.bots.qr_image import qr_image
from services.bots.status import BotRecord, BotState
from services.bus.events import (
    BotConnected,
    BotConnecting,
    BotDisconnected,
    BotPairingCode,
    BotQr,
    BotQrExpired,
    User,
)
from services.store import bots as store
from services.store.ledger import Change, Ledger
from services.timestamps import iso
from services.whatsapp.gateway import (
    Connected,
    Connecting,
    Disconnected,
    Failed,
    GatewayEvent,
    PairingCodeShown,
    QrExpired,
    QrShown,
)
from services.whatsapp.intake import Taker

Keep = Callable[[Change, str, BotState], None]


class Connections:
    """``records`` are those of the bots that run here; of another bot, events are dropped.

    ``keep`` has a bot's new state shown once the change that leads to it is committed.
    ``on_connected(bot_id)`` is awaited once a bot is online and that is published.
    """

    def __init__(
        self,
        ledger: Ledger,
        records: Mapping[str, BotRecord],
        keep: Keep,
        on_connected: Callable[[str], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._records = records
        self._keep = keep
        self._on_connected = on_connected

    @property
    def takers(self) -> dict[type[GatewayEvent], Taker]:
        """What the gateway's events about connections are given to."""
        return {
            Connecting: self._connecting,
            QrShown: self._qr_shown,
            PairingCodeShown: self._pairing_code_shown,
            QrExpired: self._qr_expired,
            Connected: self._connected,
            Disconnected: self._disconnected,
            Failed: self._failed,
        }

    async def _connecting(self, event: Connecting) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        state = record.state.connecting()

        def connect(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            change.publish(BotConnecting(bot_id=event.bot_id, attempt=event.attempt))

        await self._ledger.change(connect, bot=event.bot_id)

    async def _qr_shown(self, event: QrShown) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        was_linked = record.state.user is not None
        # Drawing takes some 20 ms, too long for the loop that every stream lives on.
        image = await asyncio.to_thread(qr_image, event.code)
        state = record.state.show_qr(image, event.seq, event.expires_at)

        def show(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            if was_linked:
                # What has to be scanned lost its link while nobody was listening.
                store.unlink(change.connection, event.bot_id)
            change.publish(
                BotQr(
                    bot_id=event.bot_id,
                    qr=image,
                    code=event.code,
                    seq=event.seq,
                    expires_at=iso(event.expires_at),
                )
            )

        await self._ledger.change(show, bot=event.bot_id)

    async def _pairing_code_shown(self, event: PairingCodeShown) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        state = record.state.show_pairing_code(event.code, event.expires_at)

        def show(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            change.publish(
                BotPairingCode(
                    bot_id=event.bot_id, code=event.code, expires_at=iso(event.expires_at)
                )
            )

        await self._ledger.change(show, bot=event.bot_id)

    async def _qr_expired(self, event: QrExpired) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        by_code = record.state.pairing_code is not None
        state = record.state.rest(
            "Nobody entered the pairing code" if by_code else "Nobody scanned the QR code"
        )

        def expire(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            store.set_desired_state(change.connection, event.bot_id, running=False)
            change.publish(BotQrExpired(bot_id=event.bot_id))

        await self._ledger.change(expire, bot=event.bot_id)

    async def _connected(self, event: Connected) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        user = User(id=event.user_id, name=event.name)
        state = record.state.online(user)

        def link(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            store.link(change.connection, event.bot_id, event.user_id, event.name)
            change.publish(BotConnected(bot_id=event.bot_id, user=user))

        await self._ledger.change(link, bot=event.bot_id)
        await self._on_connected(event.bot_id)

    async def _disconnected(self, event: Disconnected) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        before = record.state
        unlinked = event.status_code == 401 and before.user is not None
        if before.status == "disconnected" and not unlinked and not event.will_reconnect:
            return  # a stop that was asked for is announced by whoever is first
        state = before.lost(
            event.reason,
            retry_in_ms=event.retry_in_ms if event.will_reconnect else None,
            unlinked=unlinked,
        )

        def disconnect(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            if unlinked:
                store.unlink(change.connection, event.bot_id)
            if not event.will_reconnect and not event.was_asked:
                store.set_desired_state(change.connection, event.bot_id, running=False)
            change.publish(
                BotDisconnected(
                    bot_id=event.bot_id,
                    status_code=event.status_code,
                    reason=event.reason,
                    will_reconnect=event.will_reconnect,
                    retry_in_ms=event.retry_in_ms,
                )
            )

        await self._ledger.change(disconnect, bot=event.bot_id)

    async def _failed(self, event: Failed) -> None:
        record = self._records.get(event.bot_id)
        if record is None:
            return
        state = record.state.fail(event.reason)

        def fail(change: Change) -> None:
            self._keep(change, event.bot_id, state)
            change.publish(
                BotDisconnected(
                    bot_id=event.bot_id,
                    status_code=None,
                    reason=event.reason,
                    will_reconnect=False,
                )
            )

        await self._ledger.change(fail, bot=event.bot_id)


def stopped(bot_id: str, status_code: int | None, reason: str) -> Disconnected:
    """What an operator's stop leads to."""
    return Disconnected(
        bot_id=bot_id,
        status_code=status_code,
        reason=reason,
        will_reconnect=False,
        was_asked=True,
    )
