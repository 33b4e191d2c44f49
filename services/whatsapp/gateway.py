"""What Pulso asks of a WhatsApp connection, and what a connection emits.

A gateway drives many bots. Its commands return once the command is taken; what comes of it
arrives in the sink, per bot in the order it happened. The sink never blocks.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from services.bus.events import Ack, Quoted

Typing = Literal["composing", "paused"]


class OutgoingFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file to be sent, at a path of this machine; ``kind`` is image, video, audio or document."""

    path: str
    kind: str
    mimetype: str
    name: str | None = None
    voice: bool = False


class OfBot(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    """What happened to a bot. The Node process writes some of these as lines of JSON."""

    bot_id: str


class Connecting(OfBot, frozen=True, kw_only=True):
    """A connection is being made; ``attempt`` counts from 1."""

    attempt: int


class QrShown(OfBot, frozen=True, kw_only=True):
    """A QR code to scan: its text, its place in the row (from 1), its end (seconds since 1970)."""

    code: str
    seq: int
    expires_at: float


class PairingCodeShown(OfBot, frozen=True, kw_only=True):
    """What to enter on the phone, and its end (seconds since 1970)."""

    code: str
    expires_at: float


class QrExpired(OfBot, frozen=True, kw_only=True):
    """Nobody scanned, or entered the code. The bot is stopped; ``start`` gives a new QR."""


class Connected(OfBot, frozen=True, kw_only=True):
    """Linked and online as ``user_id`` (a WhatsApp address)."""

    user_id: str
    name: str | None = None


class Disconnected(OfBot, frozen=True, kw_only=True):
    """The connection ended. Where ``will_reconnect``, the gateway does so by itself.

    ``was_asked``: an operator stopped it, and what should be is stored already.
    """

    status_code: int | None
    reason: str
    will_reconnect: bool
    retry_in_ms: int | None = None
    was_asked: bool = False


class Failed(OfBot, frozen=True, kw_only=True):
    """The bot can't run, and only a person can change that: ``reason`` says what to do."""

    reason: str


class MessageArrived(OfBot, frozen=True, kw_only=True, tag="message"):
    """A message of a chat, the bot's own included.

    ``chat_id`` is the chat's address, ``alt_chat_id`` its other one where it has two
    (phone number and LID). ``live`` is False for what comes from history or as an echo of an
    own send (Baileys' ``append``): it is stored, never answered. ``media`` describes what is
    not text, as the gateway needs it to fetch it; ``file`` is the key of a file that is kept
    already. One of ``kind`` ``undecryptable`` came and
    can't be read; where it can be later, it arrives again under the same id.
    """

    chat_id: str
    message_id: str
    text: str
    from_me: bool = False
    push_name: str | None = None
    kind: str = "text"
    timestamp: float  # seconds since 1970
    live: bool = True
    alt_chat_id: str | None = None
    media: dict[str, Any] | None = None
    file: str | None = None
    quoted: Quoted | None = None


class MessageChanged(OfBot, frozen=True, kw_only=True, tag="change"):
    """What became of an earlier message: its text, its deletion, a reaction to it.

    ``message_id`` is that message's, ``change_id`` that of what brought the change, ``from_me``
    says whose it is. ``text`` is the new one, or the reaction; ``""`` takes a reaction back.
    """

    chat_id: str
    message_id: str
    change_id: str
    from_me: bool
    change: Literal["edited", "deleted", "reaction"]
    text: str
    timestamp: float  # seconds since 1970
    alt_chat_id: str | None = None


class Acked(OfBot, frozen=True, kw_only=True, tag="ack"):
    """How far an own message has come."""

    message_id: str
    ack: Ack
    chat_id: str | None = None


class Presence(OfBot, frozen=True, kw_only=True, tag="presence"):
    """The contact started or stopped typing."""

    chat_id: str
    state: Literal["composing", "paused"]


GatewayEvent = (
    Connecting
    | QrShown
    | PairingCodeShown
    | QrExpired
    | Connected
    | Disconnected
    | Failed
    | MessageArrived
    | MessageChanged
    | Acked
    | Presence
)

# Takes an event at once; what it gives back is done once the event is dealt with, with False
# where it was lost. Whoever has more to emit than can be dealt with waits for that.
Sink = Callable[[GatewayEvent], "asyncio.Future[bool]"]


class SendFailed(Exception):
    """A message did not go out; the text says why, for an operator to read."""


class MediaUnavailable(Exception):
    """A message's file can't be had now; the text says why, for an operator to read."""


class MediaGone(MediaUnavailable):
    """It never can. ``missing`` says why: ``too-large``, ``damaged`` or ``gone``."""

    def __init__(self, missing: str) -> None:
        super().__init__(_MISSING.get(missing, _MISSING["gone"]))
        self.missing = missing


_MISSING = {
    "gone": "WhatsApp no longer has the file",
    "damaged": "The file is damaged",
    "too-large": "The file is too large",
}


class Gateway(Protocol):
    """One WhatsApp back end. Constructors touch no loop; ``open`` may."""

    async def open(self, sink: Sink) -> None:
        """Begin to emit into ``sink``. Called once, before anything else."""
        ...

    async def start(self, bot_id: str, pair_with: str | None = None) -> None:
        """Connect a bot; a bot that is running already is left alone.

        ``pair_with``, a number's digits: one that is not linked is linked by code with that
        phone, and begins anew for it.
        """
        ...

    async def stop(self, bot_id: str) -> None:
        """Disconnect and keep the credentials: the next ``start`` needs no QR."""
        ...

    async def log_out(self, bot_id: str) -> None:
        """Unlink the bot and delete its credentials."""
        ...

    async def send(
        self,
        bot_id: str,
        chat_id: str,
        message_id: str,
        text: str,
        quoted: Quoted | None = None,
        file: OutgoingFile | None = None,
    ) -> None:
        """Send a text, or a file with its caption, under an id of our choosing.

        SendFailed where it could not go out.
        """
        ...

    async def typing(self, bot_id: str, chat_id: str, state: Typing) -> None:
        """Show or hide "typing…" to the contact. Best effort."""
        ...

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None:
        """Blue ticks for these messages of the contact. Best effort."""
        ...

    async def download(
        self, bot_id: str, media: Mapping[str, object], path: Path, limit: int
    ) -> None:
        """Write the file that a message's ``media`` describes to ``path``, where nothing is yet.

        MediaUnavailable; MediaGone also beyond ``limit`` bytes.
        """
        ...

    async def close(self) -> None:
        """Stop every bot without unlinking it. Bounded in time."""
        ...


class Lease(msgspec.Struct, frozen=True):
    """A bot is this process's until then, by ``time.monotonic()``; ``fence`` goes with writes."""

    fence: int
    until: float


class LeasedGateway(Gateway, Protocol):
    """One that may be one of several, in processes of their own."""

    async def prepare(self, bot_id: str, fence: int) -> None:
        """A bot is about to be held here, with this fence. Unavailable."""
        ...

    def hold(self, leases: Mapping[str, Lease]) -> None:
        """These bots, and no others, are this process's; called again with each renewal.

        A bot whose time is over is stopped, should nobody come to say so.
        """
        ...
