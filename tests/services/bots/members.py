"""Several processes on one PostgreSQL and one Redis, as one process: parts for tests."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.assistant.engine import AIEngine, SilentEngine
from services.bots.connections import Connections
from services.bots.status import BotStatus
from services.chats.answering import Answering
from services.chats.attachments import Attachments
from services.chats.conversations import Conversations
from services.chats.fetching import Fetching
from services.chats.inbox import Inbox
from services.chats.outbox import Outbox
from services.config import Settings
from services.media.store import MediaStore
from services.several import Several
from services.store import Database
from services.store.shared_ledger import WRITERS, SharedLedger
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.phone import Scan
from services.whatsapp.simulated.shared import SharedSimulatedGateway
from tests.domain import SPEED, RowJournal

LEASE_SECONDS = 3.0
STEP_SECONDS = 0.02


class Member:
    """``async with Member(store, redis, bus)``: one process of several."""

    def __init__(
        self, store: str, redis: str, bus: RowJournal, engine: AIEngine | None = None
    ) -> None:
        folder = Path(tempfile.gettempdir(), "no files")  # nothing has one
        settings = Settings(bus_url=redis, database_url=store, lease_seconds=LEASE_SECONDS)
        self.bus = bus
        self.ledger = SharedLedger(Database(store, writers=WRITERS), bus, "tests")
        self.intake = Intake()
        self.gateway = SharedSimulatedGateway(self.ledger, SPEED)
        self.several = Several(settings, self.ledger, self.gateway, self.intake)
        self.holding = holding = self.several.holding
        self.bots = self.several.bots
        self.phone = self.several.reach
        media = MediaStore((folder / "media").as_uri(), folder / "spool", 1_000_000)
        attachments = Attachments(self.ledger, media)
        self.outbox = Outbox(self.ledger, self.gateway, holding, attachments, self.phone)
        self.answering = Answering(
            self.ledger, self.gateway, self.outbox, holding, engine or SilentEngine(), speed=SPEED
        )
        self.inbox = Inbox(self.ledger, self.outbox, self.answering, attachments)
        fetching = Fetching(self.ledger, self.gateway, media, holding.is_connected)
        self.conversations = Conversations(
            self.ledger, self.outbox, self.answering, fetching, holding.exists
        )
        self.connections = Connections(
            self.ledger, holding.records, holding.keep, self.conversations.resume
        )

    async def __aenter__(self) -> "Member":
        await self.ledger.open()
        self.intake.open({**self.connections.takers, **self.conversations.takers})
        await self.gateway.open(self.holding.feed)
        await self.several.open(self.outbox, self.answering)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.several.close()
        await self.conversations.close()
        await self.gateway.close()
        await self.intake.close()
        await self.ledger.close()

    @property
    def held(self) -> set[str]:
        return {bot_id for bot_id in self.holding.records if self.holding.holds(bot_id)}

    async def linked_bot(self, name: str = "Tienda") -> str:
        """A bot that was added, connected and scanned; its id."""
        bot = (await self.bots.add(name)).id
        after = self.bus.cursor()
        await self.bots.connect(bot)
        await self.bus.until("bot:qr", after, botId=bot)
        await self.phone.act(bot, Scan("Ana"))
        await self.bus.until("bot:connected", after, botId=bot)
        return bot

    async def until(self, bot: str, **fields: Any) -> BotStatus:
        """The bot's status once it is so."""
        while True:
            status = await self.bots.status(bot)
            if all(getattr(status, name) == value for name, value in fields.items()):
                return status
            await asyncio.sleep(STEP_SECONDS)


async def until(what: Callable[[], object]) -> None:
    """Return once it is true."""
    while True:
        if what():
            return
        await asyncio.sleep(STEP_SECONDS)
