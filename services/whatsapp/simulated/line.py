"""One simulated bot's line to WhatsApp: what happens when, as a real one's is seen to do.

A line is at rest, connecting, showing a QR, online or waiting to reconnect. Every delay is
divided by the speed; nothing happens on a line at rest.
"""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from services.errors import Conflict
from services.whatsapp.gateway import (
    Connected,
    Connecting,
    Disconnected,
    MessageArrived,
    PairingCodeShown,
    QrExpired,
    QrShown,
    Sink,
)
from services.whatsapp.simulated.credentials import Account, Credentials, Held

HANDSHAKE = 0.4  # seconds from the socket's opening to a QR or a login
RESTART = 1.0  # after pairing WhatsApp closes with 515 and the client comes back
QR_LIVES = (60.0, 20.0, 20.0, 20.0, 20.0, 20.0)
CODE_SIGNS = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"  # of WhatsApp's pairing codes
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STEADY = 60.0  # online for this long, and the next drop is a first one again
MOST_HELD = 1000  # what WhatsApp keeps for a bot that is away

State = Literal["rest", "connecting", "qr", "online", "waiting"]


class Line:
    """``emit`` takes what happens; ``speed`` is 1 for real time."""

    def __init__(self, bot_id: str, credentials: Credentials, emit: Sink, speed: float) -> None:
        self.bot_id = bot_id
        self.state: State = "rest"
        self._credentials = credentials
        self._account = credentials.load()
        self._emit = emit
        self._speed = speed
        self._step: asyncio.TimerHandle | None = None
        self._later: set[asyncio.TimerHandle] = set()
        self._held = credentials.load_held()
        self._attempt = 0
        self._by_code = False
        self._online_since = 0.0

    @property
    def linked(self) -> bool:
        """Whether an account is paired with this bot."""
        return self._account is not None

    def start(self, *, by_code: bool = False) -> None:
        """Connect, unless that is under way or done; ``by_code``: anew for a pairing code."""
        if by_code and not self.linked:
            self.stop()
        if self.state == "rest":
            self._by_code = by_code
            self._attempt = 0
            self._connect()

    def stop(self) -> None:
        """Come to rest; the account stays."""
        self.state = "rest"
        self._cancel()

    def forget(self) -> None:
        """Come to rest and delete the account."""
        self.stop()
        self._credentials.delete()
        self._account = None
        self._held.clear()

    def scan(self, name: str) -> None:
        """The phone reads the QR, or the code is entered: paired, restarted, online."""
        if self.state != "qr":
            raise Conflict("There is no QR code to scan")
        self._account = Account(f"54911{secrets.randbelow(10**8):08}@s.whatsapp.net", name)
        self._credentials.save(self._account)
        self._attempt = 0
        self._connect(RESTART)

    def unlink(self) -> None:
        """The phone's owner removes the device."""
        if self._account is None:
            raise Conflict("The bot is not linked to a phone")
        was_running = self.state != "rest"
        self.forget()
        if was_running:
            self._emit(
                Disconnected(
                    bot_id=self.bot_id,
                    status_code=401,
                    reason="Unlinked from the phone. Scan a new QR.",
                    will_reconnect=False,
                )
            )

    def drop(self) -> None:
        """The connection breaks; the line comes back by itself, later each time."""
        if self.state != "online":
            raise Conflict("The bot isn't connected")
        if (time.monotonic() - self._online_since) * self._speed >= STEADY:
            self._attempt = 0
        wait = BACKOFF[min(self._attempt, len(BACKOFF) - 1)] * random.uniform(0.8, 1.2)
        self._emit(
            Disconnected(
                bot_id=self.bot_id,
                status_code=428,
                reason="Connection closed",
                will_reconnect=True,
                retry_in_ms=round(wait * 1000 / self._speed),
            )
        )
        self._next("waiting", wait, self._connect)

    def arrive(self, event: Held) -> "asyncio.Future[bool] | None":
        """Something for this bot: emitted now, or (a message: not live) when the bot is back.

        What the sink gave back, or what keeping it did; None: it is kept. Conflict where no more
        can be.
        """
        if self.state == "online":
            return self._emit(event)
        if len(self._held) >= MOST_HELD:
            raise Conflict(f"WhatsApp keeps {MOST_HELD} messages for a bot that is away, no more")
        if isinstance(event, MessageArrived):
            event = msgspec.structs.replace(event, live=False)
        self._held.append(event)
        return self._credentials.save_held(self._held)

    def after(self, seconds: float, event: Held) -> None:
        """The same, some seconds from now; forgotten where the line comes to rest before."""

        def due() -> None:
            self._later.discard(timer)
            with contextlib.suppress(Conflict):
                self.arrive(event)

        timer = asyncio.get_running_loop().call_later(seconds / self._speed, due)
        self._later.add(timer)

    def _connect(self, seconds: float = HANDSHAKE) -> None:
        self._attempt += 1
        self._emit(Connecting(bot_id=self.bot_id, attempt=self._attempt))
        self._next("connecting", seconds, self._log_in)

    def _log_in(self) -> None:
        if self._account is None:
            if self._by_code:
                self._show_code()
            else:
                self._show_qr(1)
            return
        self._next("online")
        self._online_since = time.monotonic()
        self._emit(
            Connected(bot_id=self.bot_id, user_id=self._account.user_id, name=self._account.name)
        )
        for event in self._held:
            self._emit(event)
        if self._held:
            self._held.clear()
            self._credentials.save_held(self._held)

    def _show_qr(self, seq: int) -> None:
        if seq > len(QR_LIVES):
            self.stop()
            self._emit(QrExpired(bot_id=self.bot_id))
            return
        life = QR_LIVES[seq - 1]
        self._next("qr", life, lambda: self._show_qr(seq + 1))
        self._emit(
            QrShown(
                bot_id=self.bot_id,
                code=qr_text(),
                seq=seq,
                expires_at=time.time() + life / self._speed,
            )
        )

    def _show_code(self) -> None:
        def expire() -> None:
            self.stop()
            self._emit(QrExpired(bot_id=self.bot_id))

        life = sum(QR_LIVES)
        self._next("qr", life, expire)
        code = "".join(secrets.choice(CODE_SIGNS) for _ in range(8))
        self._emit(
            PairingCodeShown(
                bot_id=self.bot_id, code=code, expires_at=time.time() + life / self._speed
            )
        )

    def _next(
        self, state: State, seconds: float = 0, step: Callable[[], None] | None = None
    ) -> None:
        self.state = state
        if self._step is not None:
            self._step.cancel()
        self._step = step and asyncio.get_running_loop().call_later(seconds / self._speed, step)

    def _cancel(self) -> None:
        if self._step is not None:
            self._step.cancel()
            self._step = None
        for timer in self._later:
            timer.cancel()
        self._later.clear()


def qr_text() -> str:
    """A code of WhatsApp's form and length (about 290 characters): reference, keys, platform."""
    noise, identity, adv = (secrets.token_urlsafe(32) + "=" for _ in range(3))
    reference = f"2@{secrets.token_urlsafe(84)}"
    return f"https://wa.me/settings/linked_devices#{reference},{noise},{identity},{adv},1"
