"""What the WhatsApp process writes, one line of JSON each, told apart by ``event``. No I/O.

Messages, their changes, acks and typing are the gateway's own events, decoded as they stand.
"""

import msgspec

from services.whatsapp.gateway import Acked, MessageArrived, MessageChanged, OfBot, Presence


class _Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    pass


class Ready(_Line, frozen=True, kw_only=True, tag="ready"):
    """Commands are taken from now on. ``at``: milliseconds, by the clock of its leases."""

    at: float = 0.0


class Clock(_Line, frozen=True, kw_only=True, tag="clock"):
    """What that clock shows."""

    at: float


class Unusable(_Line, frozen=True, kw_only=True, tag="unusable"):
    """It can't work here; ``reason`` names what to change."""

    reason: str


class Result(_Line, frozen=True, kw_only=True, tag="result"):
    """A command was carried out, or not."""

    req_id: int
    ok: bool
    error: str | None = None


class Qr(OfBot, frozen=True, kw_only=True, tag="qr"):
    qr: str
    seq: int
    lives_ms: float


class PairingCode(OfBot, frozen=True, kw_only=True, tag="pairing-code"):
    code: str
    lives_ms: float


class Opened(OfBot, frozen=True, kw_only=True, tag="connected"):
    user_id: str
    name: str | None = None


class Closed(OfBot, frozen=True, kw_only=True, tag="closed"):
    """The connection ended by itself; ``reason`` is Baileys' text, for the log."""

    status_code: int | None = None
    reason: str = ""
    qr_expired: bool = False


class Kept(_Line, frozen=True, kw_only=True, tag="kept"):
    """An event that stays in its bot's outbox until ``entry`` is acknowledged as stored."""

    entry: str
    what: MessageArrived | MessageChanged | Acked


OfConnection = Qr | PairingCode | Opened | Closed
Line = Ready | Clock | Unusable | Result | OfConnection | Kept | Presence

Unreadable = msgspec.DecodeError

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def read(line: bytes) -> Line:
    """One line. Unreadable where it is not one of these."""
    return _decoder.decode(line)
