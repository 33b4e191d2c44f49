"""Whether Pulso can do its work now: an event travels from bus to reader, the store answers."""

import asyncio
from typing import Any

from sqlalchemy import text

from services.bus.block import Block
from services.bus.event_bus import EventBus
from services.bus.events import ChatTyping
from services.errors import Refusal
from services.store import Database
from services.streams.registry import Streams

# No client can follow or publish for it: over 128 characters are refused at the door.
PROBE_BOT = "readiness".ljust(129, "-")
SECONDS = 2.0


class Readiness:
    def __init__(self, bus: EventBus, database: Database, streams: Streams) -> None:
        self._bus = bus
        self._database = database
        self._streams = streams

    async def check(self) -> dict[str, Any]:
        """``{"ready": bool, "bus": …, "store": …, "draining": bool}``; bounded in time."""
        bus, store = await asyncio.gather(self._bus_carries(), self._store_answers())
        return {
            "ready": bus and store and not self._streams.draining,
            "bus": bus,
            "store": store,
            "draining": self._streams.draining,
        }

    async def _bus_carries(self) -> bool:
        with self._bus.subscribe([PROBE_BOT]) as probe:
            self._bus.publish(
                ChatTyping(bot_id=PROBE_BOT, session_id="-", who="bot", state="paused")
            )
            try:
                return isinstance(await probe.next(timeout=SECONDS), Block)
            except TimeoutError:
                return False

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(SECONDS), self._database.reading() as connection:
                await connection.execute(text("SELECT 1"))
        except (TimeoutError, Refusal):
            return False
        return True
