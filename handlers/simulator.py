"""/api/simulator: act as the phone at the other end of a simulated bot.

Only there where WhatsApp is simulated. 409 where the state of the line forbids it.
"""

from typing import Annotated, Literal

import msgspec

from handlers.answers import Accepted, Queued
from handlers.base import BaseHandler
from handlers.calls import Body, call
from handlers.uploads import UploadHandler, given
from services.bots.bots import Bots
from services.chats.attachments import Attachments
from services.errors import Conflict, Invalid, NotFound, Unavailable
from services.text import CONTROL, HIDDEN, NOT_IN_TEXT
from services.whatsapp.simulated import phone
from services.whatsapp.simulated.gateway import new_message_id
from services.whatsapp.simulated.phone import Phone

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"[0-9]|.@.")]
PersonName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class _Checked(msgspec.Struct, frozen=True):
    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not isinstance(value, str):
                continue
            if (NOT_IN_TEXT if name == "text" else CONTROL).search(value):
                wire = "from" if name == "contact" else name
                raise Invalid("No control characters", field=wire)
            if name == "name" and HIDDEN.search(value):
                raise Invalid("No invisible characters in a name", field="name")


class Scan(_Checked, frozen=True):
    """The phone whose owner is called ``name`` reads the QR."""

    name: PersonName


class PhoneMessage(_Checked, frozen=True, rename={"contact": "from", "from_me": "fromMe"}):
    """``from``: a phone number or WhatsApp address; with ``fromMe`` typed on the bot's phone.

    ``quoted`` is the id of the message of the chat that it answers.
    """

    contact: Address
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=65_536)]
    name: PersonName | None = None
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    from_me: bool = False
    quoted: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None


class PhoneFile(_Checked, frozen=True, rename={"contact": "from", "from_me": "fromMe"}):
    """The same as a form with a file, whose caption ``text`` is."""

    contact: Address
    text: Annotated[str, msgspec.Meta(max_length=65_536)] = ""
    name: PersonName | None = None
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    from_me: bool = False
    quoted: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    voice: bool = False
    width: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    height: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    seconds: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None


class PhoneTyping(_Checked, frozen=True, rename={"contact": "from"}):
    """The contact at ``from`` begins or stops to type."""

    contact: Address
    state: Literal["composing", "paused"] = "composing"


class _Phone(BaseHandler):
    bots: Bots
    phone: Phone

    async def require(self, bot_id: str) -> None:
        self.claims().require_bot(bot_id)
        await self.bots.get(bot_id)


class ScanHandler(_Phone):
    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str, body: Body[Scan]) -> Accepted:
        """Scan the QR code."""
        await self.require(bot_id)
        await self.phone.act(bot_id, phone.Scan(body.read().name))
        return Accepted()


class PhoneMessageHandler(UploadHandler, _Phone):
    attachments: Attachments

    @call(202, form=PhoneFile, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str, body: Body[PhoneMessage]) -> Queued:
        """Write to the bot, or on its own phone. It is stored when this answers."""
        await self.require(bot_id)
        message: PhoneMessage | PhoneFile
        kept = None
        if self.form is None:
            message = body.read()
        else:
            message = await self.form.fields(PhoneFile)
            kept = await self.attachments.keep(bot_id, given(self.form, message))
        message_id = message.id or new_message_id()
        written = phone.Write(
            message.contact,
            message.name,
            message.text,
            message_id,
            message.from_me,
            message.quoted,
            kept.kind if kept else "text",
            kept.media if kept else None,
            kept.key if kept else None,
        )
        stored = await self.phone.act(bot_id, written)
        if not stored:
            raise Unavailable("The message could not be stored; send it again")
        return Queued(message_id)


class PhoneTypingHandler(_Phone):
    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str, body: Body[PhoneTyping]) -> Accepted:
        """Begin or stop to type."""
        await self.require(bot_id)
        typing = body.read()
        await self.phone.act(bot_id, phone.Type(typing.contact, typing.state))
        return Accepted()


class PhoneUnlinkHandler(_Phone):
    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str) -> Accepted:
        """Remove the bot from the phone's linked devices."""
        await self.require(bot_id)
        await self.phone.act(bot_id, phone.Unlink())
        return Accepted()


class DropHandler(_Phone):
    @call(202, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, bot_id: str) -> Accepted:
        """Break the bot's connection to WhatsApp."""
        await self.require(bot_id)
        await self.phone.act(bot_id, phone.Drop())
        return Accepted()
