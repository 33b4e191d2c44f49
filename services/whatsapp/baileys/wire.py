"""What the WhatsApp process says, one line of JSON each, told apart by ``event``. No I/O."""

from typing import Any, Literal

import msgspec

from services.bus.events import Ack


class _Said(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    pass


class Ready(_Said, frozen=True, kw_only=True, tag="ready"):
    """Commands are taken from now on."""


class Unusable(_Said, frozen=True, kw_only=True, tag="unusable"):
    """It can't work here; ``reason`` says what to change."""

    reason: str


class Result(_Said, frozen=True, kw_only=True, tag="result"):
    """A command was carried out, or not."""

    req_id: int
    ok: bool
    error: str | None = None


class Qr(_Said, frozen=True, kw_only=True, tag="qr"):
    bot_id: str
    qr: str
    seq: int
    lives_ms: float


class Opened(_Said, frozen=True, kw_only=True, tag="connected"):
    bot_id: str
    user_id: str
    name: str | None = None


class Closed(_Said, frozen=True, kw_only=True, tag="closed"):
    """The connection ended by itself; ``reason`` is Baileys' text, for the log."""

    bot_id: str
    status_code: int | None = None
    reason: str = ""
    qr_expired: bool = False


class Message(_Said, frozen=True, kw_only=True, tag="message"):
    bot_id: str
    chat_id: str
    alt_chat_id: str | None = None
    message_id: str
    from_me: bool
    push_name: str | None = None
    timestamp: float
    live: bool
    kind: str
    text: str
    media: dict[str, Any] | None = None


class Acknowledged(_Said, frozen=True, kw_only=True, tag="ack"):
    bot_id: str
    message_id: str
    ack: Ack
    chat_id: str | None = None


class Typing(_Said, frozen=True, kw_only=True, tag="presence"):
    bot_id: str
    chat_id: str
    state: Literal["composing", "paused"]


Said = Ready | Unusable | Result | Qr | Opened | Closed | Message | Acknowledged | Typing

Unreadable = msgspec.DecodeError

_decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def read(line: bytes) -> Said:
    """One line. Unreadable where it is not one of these."""
    return _decoder.decode(line)
