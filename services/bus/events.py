"""What can happen on a bot: one frozen struct an event, distinguished by ``type``.

No I/O. The fields the original had are required; what came later is optional or null, so an
older publisher still fits. Unknown fields are dropped on decoding.
"""

from typing import Annotated, Any, Literal, get_args

import msgspec

from services.text import CONTROL
from services.timestamps import normalize

# Ids travel in URLs, logs and the stream: no control characters, bounded.
BotId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Label = Annotated[str, msgspec.Meta(max_length=1024)]

Version = Annotated[int, msgspec.Meta(ge=0)]

Ack = Literal["pending", "server", "delivered", "read", "played"]
Origin = Literal["bot", "operator", "phone"]
Mode = Literal["bot", "human"]
State = Literal["open", "resolved", "snoozed"]


_TIMES = (
    "timestamp",
    "expires_at",
    "created_at",
    "edited",
    "deleted",
    "waiting_since",
    "snoozed_until",
)


def is_bot_id(text: str) -> bool:
    """1 to 128 characters, none of them a control character."""
    return 0 < len(text) <= 128 and not CONTROL.search(text)


class _Struct(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    def __post_init__(self) -> None:
        for name in ("bot_id", "session_id", "message_id", "id"):
            value = getattr(self, name, None)
            if isinstance(value, str) and CONTROL.search(value):
                raise ValueError(f"no control characters allowed in `{name}`")
        for name in _TIMES:
            value = getattr(self, name, None)
            if isinstance(value, str):
                try:
                    msgspec.structs.force_setattr(self, name, normalize(value))
                except ValueError:
                    raise ValueError(f"no ISO 8601 time with an offset in `{name}`") from None


class User(_Struct, frozen=True, kw_only=True):
    """The WhatsApp account a bot is linked to."""

    id: Name
    name: Label | None = None


class Reaction(_Struct, frozen=True, kw_only=True):
    """What one side of a chat thinks of a message, in an emoji."""

    text: Label
    from_me: bool = False


class Author(_Struct, frozen=True, kw_only=True):
    """The operator who wrote a message or has a chat, by the name they had then."""

    id: Name
    name: Label


class Quoted(_Struct, frozen=True, kw_only=True):
    """The message that another answers: its id, and what it said when that was written."""

    id: Name
    content: str = ""
    type: Name = "text"
    from_me: bool | None = None  # None where that is not known


class Message(_Struct, frozen=True, kw_only=True):
    """A message of a chat, as it is stored and as it is announced.

    ``type`` is ``text`` or the kind of what ``media`` describes, whose ``file`` is True where
    there is one to fetch, and ``missing`` why there is none (``too-large``, ``damaged``, ``gone``);
    ``unsupported`` where ``content`` only names what it was, and
    ``undecryptable`` where it can't be read yet. ``origin`` is of what is from us; ``failed`` is
    why it did not go out. ``edited`` and ``deleted`` are when its sender did so, the last time;
    of what was deleted there is no content.
    """

    id: Name
    content: str
    session_id: Name | None = None
    from_me: bool = False
    timestamp: str | None = None
    type: Name = "text"
    push_name: Label | None = None
    ack: Ack | None = None
    origin: Origin | None = None
    failed: str | None = None
    media: dict[str, Any] | None = None
    edited: str | None = None
    deleted: str | None = None
    reactions: list[Reaction] | None = None  # one a side at most
    author: Author | None = None
    quoted: Quoted | None = None


class LastMessage(_Struct, frozen=True, kw_only=True):
    """The newest message of a session, as a list of sessions shows it."""

    id: Name | None = None
    content: str
    from_me: bool = False
    timestamp: str | None = None
    type: Name = "text"
    ack: Ack | None = None
    failed: str | None = None
    deleted: str | None = None


class Session(_Struct, frozen=True, kw_only=True):
    """A bot's chat with one contact. ``contact`` is the contact's WhatsApp address.

    ``waiting_since``: since when the customer waits for a person, None where they don't.
    ``version`` is raised by every change: what carries an older one is no news.
    """

    id: Name
    bot_id: BotId | None = None
    contact: Label | None = None
    name: Label | None = None
    mode: Mode | None = None
    unread: Annotated[int, msgspec.Meta(ge=0)] | None = None
    created_at: str | None = None
    last_message: LastMessage | None = None
    assignee: Author | None = None
    state: State | None = None
    snoozed_until: str | None = None
    labels: list[Label] | None = None
    waiting_since: str | None = None
    version: Version | None = None


class Event(_Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every published event has."""

    bot_id: BotId


class BotQr(Event, frozen=True, kw_only=True, tag="bot:qr"):
    # A page shows it: an image that comes with the event, and nothing from elsewhere.
    qr: Annotated[str, msgspec.Meta(pattern="^data:image/")]
    code: str | None = None
    seq: int | None = None
    expires_at: str | None = None


class BotConnected(Event, frozen=True, kw_only=True, tag="bot:connected"):
    user: User


class BotDisconnected(Event, frozen=True, kw_only=True, tag="bot:disconnected"):
    status_code: int | None
    reason: str | None = None
    will_reconnect: bool | None = None
    retry_in_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None


class BotConnecting(Event, frozen=True, kw_only=True, tag="bot:connecting"):
    attempt: int | None = None


class BotQrExpired(Event, frozen=True, kw_only=True, tag="bot:qr-expired"):
    pass


class BotPairingCode(Event, frozen=True, kw_only=True, tag="bot:pairing-code"):
    """What to enter on the phone, instead of a QR to scan."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    expires_at: str | None = None


class MessageReceived(Event, frozen=True, kw_only=True, tag="message:received"):
    session_id: Name
    message: Message
    session_version: Version | None = None  # the session's, with this message

    def __post_init__(self) -> None:
        _Struct.__post_init__(self)
        if self.message.from_me:
            raise ValueError("no message of the bot's own may be received: `message.from_me`")


class MessageSent(Event, frozen=True, kw_only=True, tag="message:sent"):
    session_id: Name
    content: str
    message_id: Name | None = None
    origin: Origin | None = None
    timestamp: str | None = None
    kind: Name = "text"  # what a message has as its type, which here is the event's
    media: dict[str, Any] | None = None
    author: Author | None = None
    quoted: Quoted | None = None
    session_version: Version | None = None


class MessageUpdated(Event, frozen=True, kw_only=True, tag="message:updated"):
    """``message`` takes the place of the one with its id."""

    session_id: Name
    message: Message
    session_version: Version | None = None


class MessageAck(Event, frozen=True, kw_only=True, tag="message:ack"):
    session_id: Name
    message_id: Name
    ack: Ack | None


class MessageFailed(Event, frozen=True, kw_only=True, tag="message:failed"):
    session_id: Name
    message_id: Name
    reason: str | None = None
    session_version: Version | None = None


class SessionCreated(Event, frozen=True, kw_only=True, tag="session:created"):
    session: Session


class SessionUpdated(Event, frozen=True, kw_only=True, tag="session:updated"):
    session: Session


class ChatTyping(Event, frozen=True, kw_only=True, tag="chat:typing"):
    """``who`` is ``contact``, ``bot`` or ``operator``, whose ``author`` says which."""

    session_id: Name
    who: Name
    state: Name
    author: Author | None = None


BotEvent = (
    BotQr
    | BotConnected
    | BotDisconnected
    | BotConnecting
    | BotQrExpired
    | BotPairingCode
    | MessageReceived
    | MessageSent
    | MessageUpdated
    | MessageAck
    | MessageFailed
    | SessionCreated
    | SessionUpdated
    | ChatTyping
)

TYPES: frozenset[str] = frozenset(str(kind.__struct_config__.tag) for kind in get_args(BotEvent))


def conflation_key(event: Event) -> tuple[str, ...] | None:
    """The key under which a slow reader needs only the newest event; None: it needs them all."""
    if isinstance(event, BotQr | BotPairingCode | BotConnecting):
        return (str(event.__struct_config__.tag), event.bot_id)
    if isinstance(event, ChatTyping):
        author = event.author.id if event.author else ""
        return ("chat:typing", event.bot_id, event.session_id, event.who, author)
    return None
