"""What a person does with the phone at the other end of a simulated bot, as values.

So that it can be done from wherever the bot runs.
"""

from typing import Any, Literal, Protocol

import msgspec

from services.whatsapp.simulated.gateway import SimulatedGateway


class Scan(msgspec.Struct, frozen=True, tag=True):
    """Read the QR with the phone of ``name``."""

    name: str


class Write(msgspec.Struct, frozen=True, tag=True):
    """A message of the contact, or typed on the bot's own phone."""

    contact: str
    name: str | None
    text: str
    message_id: str
    from_me: bool
    quoted: str | None = None
    kind: str = "text"
    media: dict[str, Any] | None = None
    file: str | None = None  # the key of one that is kept


class Type(msgspec.Struct, frozen=True, tag=True):
    """The contact begins or stops to type."""

    contact: str
    state: Literal["composing", "paused"]


class Unlink(msgspec.Struct, frozen=True, tag=True):
    """Remove the bot from the phone's linked devices."""


class Drop(msgspec.Struct, frozen=True, tag=True):
    """Break the bot's connection."""


Act = Scan | Write | Type | Unlink | Drop


class Phone(Protocol):
    async def act(self, bot_id: str, act: Act) -> bool:
        """Do this. False where a message could not be stored; Conflict where it can't be done."""
        ...


class LocalPhone:
    """Of the bots that run in this process."""

    def __init__(self, gateway: SimulatedGateway) -> None:
        self._gateway = gateway

    async def act(self, bot_id: str, act: Act) -> bool:
        gateway = self._gateway
        match act:
            case Scan(name=name):
                gateway.scan(bot_id, name)
            case Write():
                return await gateway.message(
                    bot_id,
                    act.contact,
                    act.name,
                    act.text,
                    message_id=act.message_id,
                    from_me=act.from_me,
                    quoted=act.quoted,
                    kind=act.kind,
                    media=act.media,
                    file=act.file,
                )
            case Type(contact=contact, state=state):
                gateway.typing_of(bot_id, contact, state)
            case Unlink():
                gateway.unlink(bot_id)
            case Drop():
                gateway.drop(bot_id)
        return True
