"""/api/simulator: act as the phone at the other end of a simulated bot.

Only there where WhatsApp is simulated. 409 where the state of the line forbids it.
"""

from typing import Annotated, Literal

import msgspec

from handlers.base import BaseHandler
from services.bots.bots import Bots
from services.errors import Invalid, Unavailable
from services.text import CONTROL, NOT_IN_TEXT
from services.whatsapp.simulated.gateway import SimulatedGateway, new_message_id

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"[0-9]|.@.")]
PersonName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class _Checked(msgspec.Struct, frozen=True):
    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str) and (NOT_IN_TEXT if name == "text" else CONTROL).search(
                value
            ):
                wire = "from" if name == "contact" else name
                raise Invalid("No control characters", field=wire)


class Scan(_Checked, frozen=True):
    """The phone whose owner is called ``name`` reads the QR."""

    name: PersonName


class PhoneMessage(_Checked, frozen=True, rename={"contact": "from", "from_me": "fromMe"}):
    """``from``: a phone number or WhatsApp address; with ``fromMe`` typed on the bot's phone."""

    contact: Address
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=65_536)]
    name: PersonName | None = None
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    from_me: bool = False


class PhoneTyping(_Checked, frozen=True, rename={"contact": "from"}):
    """The contact at ``from`` begins or stops to type."""

    contact: Address
    state: Literal["composing", "paused"] = "composing"


class SimulatorHandler(BaseHandler):
    """POST ``/scan {name}``, ``/message``, ``/typing``, ``/unlink``, ``/drop``: 202."""

    bots: Bots
    phone: SimulatedGateway

    async def post(self, bot_id: str, command: str) -> None:
        self.claims().require_bot(bot_id)
        self.bots.get(bot_id)
        match command:
            case "scan":
                self.phone.scan(bot_id, self.body(Scan).name)
            case "typing":
                typing = self.body(PhoneTyping)
                self.phone.typing_of(bot_id, typing.contact, typing.state)
            case "unlink":
                self.phone.unlink(bot_id)
            case "drop":
                self.phone.drop(bot_id)
            case "message":
                await self._message(bot_id)
                return
        self.reply({}, 202)

    async def _message(self, bot_id: str) -> None:
        message = self.body(PhoneMessage)
        message_id = message.id or new_message_id()
        stored = await self.phone.message(
            bot_id,
            message.contact,
            message.name,
            message.text,
            message_id=message_id,
            from_me=message.from_me,
        )
        if not stored:
            raise Unavailable("The message could not be stored; send it again")
        self.reply({"id": message_id}, 202)
