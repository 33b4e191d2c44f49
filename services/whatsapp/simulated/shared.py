"""The simulated WhatsApp where there are several processes: what it remembers is in the store."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from services.errors import Unavailable
from services.store import credentials as store
from services.store.ledger import Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import Lease
from services.whatsapp.simulated.credentials import Account, Held
from services.whatsapp.simulated.gateway import SimulatedGateway
from services.whatsapp.simulated.line import Line

ACCOUNT, HELD = "simulated/account", "simulated/held"

log = logging.getLogger(__name__)


class StoredCredentials:
    """Of one bot, for as long as its holder has this fence. Written in the order of the calls."""

    def __init__(self, ledger: Ledger, bot_id: str, fence: int, tasks: Tasks) -> None:
        self._ledger = ledger
        self._bot_id = bot_id
        self._fence = fence
        self._tasks = tasks
        self._account: Account | None = None
        self._held: list[Held] = []

    async def read(self) -> None:
        """Take up what the one before left. Unavailable."""
        pieces = await self._ledger.read(lambda connection: store.load(connection, self._bot_id))
        if ACCOUNT in pieces:
            self._account = msgspec.json.decode(pieces[ACCOUNT], type=Account)
        if HELD in pieces:
            self._held = msgspec.json.decode(pieces[HELD], type=list[Held])

    def load(self) -> Account | None:
        return self._account

    def load_held(self) -> list[Held]:
        return self._held

    def save(self, account: Account) -> None:
        self._write({ACCOUNT: _text(account)})

    def save_held(self, held: list[Held]) -> "asyncio.Future[bool]":
        """Whether they are kept."""
        return self._write({HELD: _text(held) if held else None})

    def delete(self) -> None:
        self._write({ACCOUNT: None, HELD: None})

    def _write(self, pieces: Mapping[str, str | None]) -> "asyncio.Future[bool]":
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._tasks.start(self._written(pieces, done), f"Keeping what links {self._bot_id}")
        return done

    async def _written(
        self, pieces: Mapping[str, str | None], done: "asyncio.Future[bool]"
    ) -> None:
        is_kept = False
        try:
            is_kept = await self._ledger.change(
                lambda change: store.save(change.connection, self._bot_id, self._fence, pieces),
                bot=self._bot_id,
            )
        except Unavailable:
            log.warning("Bot %s: what links it can't be kept right now", self._bot_id)
        finally:
            if not done.done():
                done.set_result(is_kept)


class SharedSimulatedGateway(SimulatedGateway):
    """Lines of the bots that are held here; Unavailable for another's."""

    def __init__(self, ledger: Ledger, speed: float = 1.0) -> None:
        super().__init__(None, speed)
        self._ledger = ledger
        self._tasks = Tasks()

    async def prepare(self, bot_id: str, fence: int) -> None:
        credentials = StoredCredentials(self._ledger, bot_id, fence, self._tasks)
        await credentials.read()
        self._lines[bot_id] = Line(bot_id, credentials, self._emit, self._speed)

    def hold(self, leases: Mapping[str, Lease]) -> None:
        for bot_id in self._lines.keys() - leases.keys():
            self._lines.pop(bot_id).stop()

    async def stop(self, bot_id: str) -> None:
        if bot_id in self._lines:
            await super().stop(bot_id)

    async def log_out(self, bot_id: str) -> None:
        if bot_id in self._lines:
            self._line(bot_id).forget()

    async def close(self) -> None:
        await super().close()
        await self._tasks.settled()

    def _line(self, bot_id: str) -> Line:
        try:
            return self._lines[bot_id]
        except KeyError:
            raise Unavailable("The bot is being handed over; try again") from None


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
