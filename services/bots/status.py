"""How one bot is doing: the state the connection's events lead to. No I/O."""

import math
import time
from typing import Literal

import msgspec

from services.bus.events import User
from services.timestamps import iso

Status = Literal["disconnected", "connecting", "qr", "connected", "failed"]


class BotStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The status as it is asked for. ``qr`` is a ``data:`` URL, ``retry_in_ms`` counts from now."""

    status: Status
    connected: bool
    user: User | None
    qr: str | None
    qr_expires_at: str | None
    qr_seq: int | None
    reason: str | None
    retry_in_ms: int | None
    cursor: str


class BotState:
    """Changed by one event at a time; ``user`` stays while the bot is linked."""

    def __init__(self, user: User | None = None) -> None:
        self.user = user
        self.status: Status = "disconnected"
        self.reason: str | None = None
        self._qr: tuple[str, int, float] | None = None
        self._retry_at: float | None = None

    def connecting(self) -> None:
        self._set("connecting")

    def show_qr(self, image: str, seq: int, expires_at: float) -> None:
        """``expires_at`` in seconds since 1970."""
        self.user = None
        self._set("qr")
        self._qr = (image, seq, expires_at)

    def online(self, user: User) -> None:
        self.user = user
        self._set("connected")

    def rest(self, reason: str) -> None:
        """Stopped, until somebody asks for more."""
        self._set("disconnected", reason)

    def lost(self, reason: str, *, retry_in_ms: int | None, unlinked: bool) -> None:
        """The connection ended; with ``retry_in_ms`` it is tried again by itself."""
        if unlinked:
            self.user = None
        self._set("disconnected", reason)
        if retry_in_ms is not None:
            self._retry_at = time.monotonic() + retry_in_ms / 1000

    def fail(self, reason: str) -> None:
        """It can't run until a person changes something."""
        self._set("failed", reason)

    def shown(self, cursor: str) -> BotStatus:
        """The state with the cursor of the newest event."""
        image, seq, expires_at = self._qr or (None, None, None)
        retry_in_ms = None
        if self._retry_at is not None:
            retry_in_ms = max(0, math.ceil((self._retry_at - time.monotonic()) * 1000))
        return BotStatus(
            status=self.status,
            connected=self.status == "connected",
            user=self.user,
            qr=image,
            qr_expires_at=None if expires_at is None else iso(expires_at),
            qr_seq=seq,
            reason=self.reason,
            retry_in_ms=retry_in_ms,
            cursor=cursor,
        )

    def _set(self, status: Status, reason: str | None = None) -> None:
        self.status = status
        self.reason = reason
        self._qr = None
        self._retry_at = None


class BotRecord(msgspec.Struct):
    """What is kept in memory of a bot; ``created_at`` in seconds since 1970."""

    name: str
    created_at: float
    state: BotState
