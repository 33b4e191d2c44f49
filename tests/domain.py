"""The domain as main builds it, on a real SQLite file and a fast simulated phone."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from services.assistant.engine import AIEngine
from services.assistant.scripted import ScriptedEngine
from services.bots.bots import Bots
from services.bots.connections import Connections
from services.bus.events import Event
from services.bus.publisher import Row
from services.chats.answering import Answering
from services.chats.attachments import Attachments
from services.chats.conversations import Conversations
from services.chats.fetching import Fetching
from services.chats.inbox import Inbox
from services.chats.media import Media
from services.chats.outbox import Outbox
from services.chats.snapshots import Snapshots
from services.errors import Unavailable
from services.media.store import MediaStore
from services.store import Database
from services.store.local_ledger import LocalLedger
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway

# A second takes 20 ms; all six QR codes together still live for 3 s on a busy machine.
SPEED = 50.0


class Journal:
    """A bus that remembers everything and can be waited on. Its cursors count events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()

    def publish_all(self, events: Sequence[Event]) -> list[str]:
        first = len(self.events)
        self.events.extend(events)
        waker = asyncio.ensure_future(self._wake())
        self._wakers.add(waker)
        waker.add_done_callback(self._wakers.discard)
        return [str(first + n + 1) for n in range(len(events))]

    def cursor(self) -> str:
        return str(len(self.events))

    def published(self, kind: str, after: str = "0") -> list[dict[str, Any]]:
        """The events of a type as streams carry them."""
        found = (msgspec.to_builtins(event) for event in self.events[int(after) :])
        return [event for event in found if event["type"] == kind]

    def types(self, after: str = "0") -> list[str]:
        """The types in order, without typing."""
        found = [msgspec.to_builtins(event)["type"] for event in self.events[int(after) :]]
        return [kind for kind in found if kind != "chat:typing"]

    async def until(
        self,
        kind: str,
        after: str = "0",
        where: Callable[[dict[str, Any]], bool] = lambda _: True,
        **fields: Any,
    ) -> dict[str, Any]:
        """The first event of this type with these fields that ``where`` holds for, now or later."""

        def found() -> dict[str, Any] | None:
            return next(
                (
                    event
                    for event in self.published(kind, after)
                    if fields.items() <= event.items() and where(event)
                ),
                None,
            )

        async with self._more:
            await self._more.wait_for(lambda: found() is not None)
        event = found()
        assert event is not None
        return event

    async def _wake(self) -> None:
        async with self._more:
            self._more.notify_all()


class Domain:
    """``async with Domain(tmp_path) as domain``; the same folder again is a restart."""

    def __init__(
        self,
        folder: Path,
        *,
        engine: AIEngine | None = None,
        gateway: Any = None,
        speed: float = SPEED,
        url: str | None = None,
    ) -> None:
        self.file = folder / "pulso.db"
        self.bus = Journal()
        self.ledger = LocalLedger(Database(url or f"sqlite:///{self.file}"), self.bus)
        self.intake = Intake()
        self.phone = gateway or SimulatedGateway(folder / "phone", speed)
        self.bots = Bots(self.ledger, self.phone, self.intake.feed)
        self.store = MediaStore((folder / "media").as_uri(), folder / "spool", 1_000_000)
        self.attachments = Attachments(self.ledger, self.store)
        self.outbox = Outbox(self.ledger, self.phone, self.bots, self.attachments)
        self.answering = Answering(
            self.ledger, self.phone, self.outbox, self.bots, engine or ScriptedEngine(), speed=speed
        )
        self.fetching = Fetching(self.ledger, self.phone, self.store, self.bots.is_connected)
        self.media = Media(self.ledger, self.store, self.fetching)
        self.conversations = Conversations(
            self.ledger, self.outbox, self.answering, self.fetching, self.bots.exists
        )
        self.connections = Connections(
            self.ledger, self.bots.records, self.bots.keep, self.conversations.resume
        )
        self.inbox = Inbox(self.ledger, self.outbox, self.answering, self.attachments)
        self.snapshots = Snapshots(self.ledger)

    async def __aenter__(self) -> "Domain":
        await self.ledger.open()
        await self.store.open()
        self.intake.open({**self.connections.takers, **self.conversations.takers})
        await self.phone.open(self.intake.feed)
        await self.bots.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.conversations.close()
        await self.phone.close()
        await self.intake.close()
        await self.ledger.close()

    async def linked_bot(self, name: str = "Tienda") -> str:
        """A bot that was added, connected and scanned; its id."""
        bot = await self.bots.add(name)
        after = self.bus.cursor()
        await self.bots.connect(bot.id)
        await self.bus.until("bot:qr", after, botId=bot.id)
        self.phone.scan(bot.id, "Ana")
        await self.bus.until("bot:connected", after, botId=bot.id)
        return bot.id

    async def settled(self) -> None:
        """Return once what has come from the phone is dealt with."""
        await self.intake.settled()


class RowJournal(Journal):
    """A bus of several processes that remembers everything; ``away`` while it answers nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.keys: dict[str, str] = {}

    async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
        """Each once, whoever brings it."""
        if self.away:
            raise Unavailable("Nobody answers")
        for row in rows:
            if row.key not in self.keys:
                [self.keys[row.key]] = self.publish_all([row.event])
        return [self.keys[row.key] for row in rows]

    async def publish(
        self, events: Sequence[Event], *, sub: str = "", key: str | None = None, body: bytes = b""
    ) -> list[str]:
        return self.publish_all(events)

    def post(self, event: Event) -> None:
        self.publish_all([event])
