"""How one bot is doing: the state the connection's events lead to. No I/O."""

import math
import time
from typing import Any, Literal

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
    pairing_code: str | None
    pairing_code_expires_at: str | None
    reason: str | None
    retry_in_ms: int | None
    cursor: str


class BotState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Each event leads to another one; ``user`` stays while the bot is linked.

    ``qr_expires_at``, ``pairing_code_expires_at`` and ``retry_at`` in seconds since 1970.
    """

    status: Status = "disconnected"
    user: User | None = None
    reason: str | None = None
    qr: str | None = None
    qr_seq: int | None = None
    qr_expires_at: float | None = None
    pairing_code: str | None = None
    pairing_code_expires_at: float | None = None
    retry_at: float | None = None

    def connecting(self) -> "BotState":
        return BotState(status="connecting", user=self.user)

    def show_qr(self, image: str, seq: int, expires_at: float) -> "BotState":
        return BotState(status="qr", qr=image, qr_seq=seq, qr_expires_at=expires_at)

    def show_pairing_code(self, code: str, expires_at: float) -> "BotState":
        """The phone is waited for as with a QR, so the status is that one."""
        return BotState(status="qr", pairing_code=code, pairing_code_expires_at=expires_at)

    def online(self, user: User) -> "BotState":
        return BotState(status="connected", user=user)

    def rest(self, reason: str) -> "BotState":
        """Stopped, until somebody asks for more."""
        return BotState(user=self.user, reason=reason)

    def lost(self, reason: str, *, retry_in_ms: int | None, unlinked: bool) -> "BotState":
        """The connection ended; with ``retry_in_ms`` it is tried again by itself."""
        return BotState(
            user=None if unlinked else self.user,
            reason=reason,
            retry_at=None if retry_in_ms is None else time.time() + retry_in_ms / 1000,
        )

    def fail(self, reason: str) -> "BotState":
        """It can't run until a person changes something."""
        return BotState(status="failed", user=self.user, reason=reason)

    def shown(self, cursor: str) -> BotStatus:
        """The state with the cursor of the newest event."""
        retry_in_ms = None
        if self.retry_at is not None:
            retry_in_ms = max(0, math.ceil((self.retry_at - time.time()) * 1000))
        return BotStatus(
            status=self.status,
            connected=self.status == "connected",
            user=self.user,
            qr=self.qr,
            qr_expires_at=_shown(self.qr_expires_at),
            qr_seq=self.qr_seq,
            pairing_code=self.pairing_code,
            pairing_code_expires_at=_shown(self.pairing_code_expires_at),
            reason=self.reason,
            retry_in_ms=retry_in_ms,
            cursor=cursor,
        )


def _shown(at: float | None) -> str | None:
    return None if at is None else iso(at)


def state_of(row: Any) -> BotState:
    """How a bot is doing by its row (``bot_states.one``), whoever holds it, or nobody does."""
    user = User(id=row.user_id, name=row.user_name) if row.user_id else None
    reported = msgspec.convert(row.state, BotState) if row.state else BotState()
    if row.is_held and row.is_current:
        return msgspec.structs.replace(reported, user=user)
    if row.wanted:
        return BotState(status="connecting", user=user)  # its next holder will
    status: Status = "failed" if reported.status == "failed" else "disconnected"
    return BotState(status=status, user=user, reason=reported.reason)


class BotRecord(msgspec.Struct):
    """What is kept in memory of a bot; ``created_at`` in seconds since 1970."""

    name: str
    created_at: float
    state: BotState
