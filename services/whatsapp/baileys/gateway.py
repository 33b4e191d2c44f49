"""Real WhatsApp: every bot's connection, made by Baileys in a Node process.

The process opens connections and reports what happens to them; whether and when one is opened
again is decided here, by ``status_codes``. A bot that should run does so in every process that
follows, until it is stopped.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from services.bus.events import Quoted
from services.whatsapp.baileys import sending, wire
from services.whatsapp.baileys.child import Child, ChildGone
from services.whatsapp.baileys.downloads import Downloads
from services.whatsapp.baileys.environment import passed_on
from services.whatsapp.baileys.receipts import Receipts
from services.whatsapp.baileys.running_bot import RunningBot
from services.whatsapp.baileys.status_codes import verdict, wait
from services.whatsapp.gateway import (
    Connected,
    Connecting,
    Disconnected,
    Failed,
    GatewayEvent,
    OutgoingFile,
    PairingCodeShown,
    Presence,
    QrExpired,
    QrShown,
    SendFailed,
    Sink,
)

log = logging.getLogger(__name__)

BOT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")  # it names the folder of the credentials
COMMAND_PATIENCE = 5.0  # seconds for stopping or unlinking; the process needs 2 at most


class BaileysGateway:
    """Credentials are kept in ``data_dir``/whatsapp/<bot id>, as Baileys' auth folders are.

    ``url`` names another server than WhatsApp's, on this host, for tests; ``qr_ms`` has its QR
    codes live that long; ``environ`` is the process's, with its PATH. ``credentials_url``: a
    PostgreSQL where the credentials are kept instead.
    """

    def __init__(
        self,
        data_dir: Path,
        url: str | None = None,
        *,
        qr_ms: int | None = None,
        environ: Mapping[str, str] | None = None,
        credentials_url: str = "",
    ) -> None:
        child_environ = passed_on(os.environ if environ is None else environ)
        child_environ["PULSO_BAILEYS_URL"] = url or ""
        if credentials_url:
            child_environ["PULSO_CREDENTIALS_URL"] = credentials_url
        self._qr_ms = qr_ms
        self._sink: Sink | None = None
        self._bots: dict[str, RunningBot] = {}
        self._folder = data_dir / "whatsapp"
        self._child = Child(self._folder, child_environ, self._heard, self._down)
        self._receipts = Receipts(self._child)
        self._downloads = Downloads(self._child)

    @property
    def child_pid(self) -> int | None:
        """The process that holds the connections, for the metrics of its memory."""
        return self._child.pid

    async def open(self, sink: Sink) -> None:
        self._sink = sink

    async def start(self, bot_id: str, pair_with: str | None = None) -> None:
        bot = self._bots.get(bot_id)
        if bot is not None:
            if pair_with is None or bot.online.is_set():
                return
            self._forget(bot_id)
            self._ask(bot_id, "close")
        if not BOT_ID.fullmatch(bot_id):
            self._emit(Failed(bot_id=bot_id, reason="Its id can't name a folder; add it anew"))
            return
        unusable = self._child.start()
        if unusable is not None:
            self._emit(Failed(bot_id=bot_id, reason=unusable))
            return
        self._bots[bot_id] = bot = RunningBot(pair_with)
        self._connect(bot_id, bot)

    async def stop(self, bot_id: str) -> None:
        await self._leave(bot_id, "close")

    async def log_out(self, bot_id: str) -> None:
        await self._leave(bot_id, "logout")
        if BOT_ID.fullmatch(bot_id):
            # The process did this already, where there is one.
            await asyncio.to_thread(shutil.rmtree, self._folder / bot_id, ignore_errors=True)

    async def send(
        self,
        bot_id: str,
        chat_id: str,
        message_id: str,
        text: str,
        quoted: Quoted | None = None,
        file: OutgoingFile | None = None,
    ) -> None:
        # The same id over every process and connection: to the contact's phone it stays one
        # message, however often it has to be sent.
        fields = sending.fields_of(chat_id, message_id, text, quoted, file)
        end = time.monotonic() + (sending.SEND_PATIENCE if file is None else sending.FILE_PATIENCE)
        may_be_out = False  # a process that was asked to send it is gone without an answer
        while True:
            bot = self._bots.get(bot_id)
            if bot is None:
                raise SendFailed(sending.UNKNOWN if may_be_out else "The bot isn't connected")
            if not await bot.is_online_in(end - time.monotonic()):
                raise SendFailed(sending.UNKNOWN if may_be_out else sending.NOT_TAKEN)
            if self._bots.get(bot_id) is not bot:
                continue
            if not self._child.ready:
                bot.online.clear()
                continue
            try:
                await self._put(bot_id, fields, end - time.monotonic())
                return
            except ChildGone:
                bot.online.clear()
                may_be_out = True
            except TimeoutError:
                raise SendFailed(sending.UNKNOWN) from None
            except RuntimeError as error:
                raise SendFailed(sending.UNKNOWN if may_be_out else str(error)) from None

    async def typing(
        self, bot_id: str, chat_id: str, state: Literal["composing", "paused"]
    ) -> None:
        self._ask(bot_id, "typing", chatId=chat_id, state=state)

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None:
        self._ask(bot_id, "read", chatId=chat_id, messageIds=message_ids)

    async def download(
        self, bot_id: str, media: Mapping[str, object], path: Path, limit: int
    ) -> None:
        await self._downloads.fetch(bot_id, media, path, limit)

    async def close(self) -> None:
        for bot in self._bots.values():
            bot.rest()
        self._bots.clear()
        await self._child.close()

    async def _put(self, bot_id: str, fields: Mapping[str, object], seconds: float) -> None:
        """Into the process, which gives it up after so long, and knows whether it was out."""
        async with asyncio.timeout(seconds + sending.ANSWER_PATIENCE):
            await self._child.ask(
                "send",
                botId=bot_id,
                patienceMs=max(0, round(seconds * 1000)),
                **fields,
            )

    async def _leave(self, bot_id: str, cmd: str) -> None:
        self._forget(bot_id)
        # A process that is gone has closed its connections.
        with contextlib.suppress(ChildGone, RuntimeError, TimeoutError):
            async with asyncio.timeout(COMMAND_PATIENCE):
                await self._child.ask(cmd, botId=bot_id)

    def _forget(self, bot_id: str) -> bool:
        bot = self._bots.pop(bot_id, None)
        if bot is None:
            return False
        bot.rest()
        bot.online.set()  # whoever waits to send finds the bot gone
        return True

    def _connect(self, bot_id: str, bot: RunningBot) -> None:
        bot.rest()
        bot.disconnect_announced = False
        self._emit(Connecting(bot_id=bot_id, attempt=bot.losses + 1))
        if self._child.ready:  # else it will be opened when the process is
            self._open(bot_id, bot)

    def _open(self, bot_id: str, bot: RunningBot) -> None:
        self._ask(bot_id, "open", qrMs=self._qr_ms, pairWith=bot.pair_with)

    def _ask(self, bot_id: str, cmd: str, **fields: object) -> None:
        """A command whose outcome comes as events, or matters to nobody."""

        def done(asked: asyncio.Future[None]) -> None:
            error = None if asked.cancelled() else asked.exception()
            if cmd == "open" and isinstance(error, RuntimeError):
                self._give_up(bot_id, str(error))

        self._child.ask(cmd, botId=bot_id, **fields).add_done_callback(done)

    def _give_up(self, bot_id: str, reason: str) -> None:
        if self._forget(bot_id):
            self._emit(Failed(bot_id=bot_id, reason=reason))

    def _down(self, next_or_reason: float | str) -> None:
        for bot_id, bot in list(self._bots.items()):
            if isinstance(next_or_reason, str):
                self._give_up(bot_id, next_or_reason)
                continue
            bot.rest()
            bot.disconnect_announced = True
            self._emit(
                Disconnected(
                    bot_id=bot_id,
                    status_code=None,
                    reason="The WhatsApp process has ended",
                    will_reconnect=True,
                    retry_in_ms=round(next_or_reason * 1000),
                )
            )

    def _clock(self, at: float) -> None:
        """What the process's clock shows, in milliseconds."""

    def _up(self) -> None:
        for bot_id, bot in list(self._bots.items()):
            if bot.disconnect_announced:
                self._connect(bot_id, bot)
            else:
                self._open(bot_id, bot)

    def _heard(self, line: wire.Line) -> "asyncio.Future[bool] | None":
        match line:
            case wire.Ready(at=at) | wire.Clock(at=at):
                self._clock(at)
                if isinstance(line, wire.Ready):
                    self._up()
            case wire.Kept(entry=entry, what=event):
                done = self._emit(event)
                if done is not None:
                    self._receipts.when(done, event.bot_id, entry)
                return done
            case Presence():
                return self._emit(line)
            case wire.Qr() | wire.PairingCode() | wire.Opened() | wire.Closed():
                # Of a bot that was stopped meanwhile, nothing is emitted.
                if bot := self._bots.get(line.bot_id):
                    self._moved(line, bot)
        return None

    def _moved(self, line: wire.OfConnection, bot: RunningBot) -> None:
        bot_id = line.bot_id
        match line:
            case wire.Qr(qr=code, seq=seq, lives_ms=lives_ms) if bot.pair_with is None:
                expires_at = time.time() + lives_ms / 1000
                self._emit(QrShown(bot_id=bot_id, code=code, seq=seq, expires_at=expires_at))
            case wire.PairingCode(code=code, lives_ms=lives_ms):
                expires_at = time.time() + lives_ms / 1000
                self._emit(PairingCodeShown(bot_id=bot_id, code=code, expires_at=expires_at))
            case wire.Opened(user_id=user_id, name=name):
                bot.online_since = time.monotonic()
                bot.online.set()
                self._emit(Connected(bot_id=bot_id, user_id=user_id, name=name))
            case wire.Closed():
                self._closed(line, bot)

    def _closed(self, line: wire.Closed, bot: RunningBot) -> None:
        bot_id = line.bot_id
        log.info("Bot %s: closed with %s, %s", bot_id, line.status_code, line.reason)
        decided = verdict(line.status_code)
        if line.qr_expired:
            self._forget(bot_id)
            self._ask(bot_id, "close")
            self._emit(QrExpired(bot_id=bot_id))
        elif decided.step == "again":
            bot.losses = 0
            self._connect(bot_id, bot)
        elif decided.step == "retry":
            seconds = wait(bot.lost())
            bot.rest()
            bot.timer = asyncio.get_running_loop().call_later(seconds, self._connect, bot_id, bot)
            self._emit(decided.ended(bot_id, line.status_code, seconds))
        else:
            self._forget(bot_id)
            self._ask(bot_id, "forget" if decided.step == "forget" else "close")
            self._emit(decided.ended(bot_id, line.status_code, None))

    def _emit(self, event: GatewayEvent) -> "asyncio.Future[bool] | None":
        return self._sink(event) if self._sink is not None else None
