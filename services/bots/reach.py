"""What has to be done where a bot runs: here, or by a request to the process that holds it.

Each is asked once and has a time limit. What must not be lost does not go this way: it is in the
store, and the holder looks there.
"""

import msgspec

from services.bots.holding import Holding
from services.bus.redis.requests import Requests
from services.errors import Unavailable
from services.store import bot_states
from services.store.ledger import Ledger
from services.whatsapp.gateway import Gateway, Typing
from services.whatsapp.simulated.phone import Act, Phone

TOPIC = "bot"
SECONDS = 5.0
NOBODY = "The bot is being handed over; try again"


class _Tick(msgspec.Struct, frozen=True, tag=True):
    chat_id: str
    message_ids: list[str]


class _Show(msgspec.Struct, frozen=True, tag=True):
    chat_id: str
    state: Typing


class _Asked(msgspec.Struct, frozen=True):
    bot_id: str
    what: _Tick | _Show | Act


class Reach:
    """``phone``: of the simulated bots held here, where they are simulated."""

    def __init__(
        self,
        ledger: Ledger,
        holding: Holding,
        requests: Requests,
        gateway: Gateway,
        phone: Phone | None,
    ) -> None:
        self._ledger = ledger
        self._holding = holding
        self._requests = requests
        self._gateway = gateway
        self._phone = phone
        requests.answers[TOPIC] = self._answer

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None:
        """Blue ticks for these messages of the contact. Best effort. Unavailable."""
        await self._do(_Asked(bot_id, _Tick(chat_id, message_ids)))

    async def typing(self, bot_id: str, chat_id: str, state: Typing) -> None:
        """Show or hide "typing…" to the contact. Best effort. Unavailable."""
        await self._do(_Asked(bot_id, _Show(chat_id, state)))

    async def act(self, bot_id: str, act: Act) -> bool:
        """As the phone of a simulated bot: see ``Phone``. Unavailable."""
        return await self._do(_Asked(bot_id, act))

    async def _do(self, asked: _Asked) -> bool:
        bot_id = asked.bot_id
        if self._holding.holds(bot_id):
            return await self._here(asked)
        row = await self._ledger.read(lambda connection: bot_states.one(connection, bot_id))
        if row is None or row.holder is None:
            raise Unavailable(NOBODY)
        said = msgspec.msgpack.encode(asked)
        return bool(await self._requests.ask(row.holder, TOPIC, said, SECONDS))

    async def _answer(self, said: bytes) -> bytes:
        asked = msgspec.msgpack.decode(said, type=_Asked)
        if not self._holding.holds(asked.bot_id):
            raise Unavailable(NOBODY)
        return b"1" if await self._here(asked) else b""

    async def _here(self, asked: _Asked) -> bool:
        bot_id, what = asked.bot_id, asked.what
        match what:
            case _Tick(chat_id=chat_id, message_ids=ids):
                await self._gateway.mark_read(bot_id, chat_id, ids)
            case _Show(chat_id=chat_id, state=state):
                await self._gateway.typing(bot_id, chat_id, state)
            case _:
                assert self._phone is not None
                return await self._phone.act(bot_id, what)
        return True
