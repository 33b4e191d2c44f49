"""Whether Pulso can do its work now: something travels from bus to reader, the store answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from services.bus.event_bus import EventBus
from services.streams.registry import Streams

# However often and by however many it is asked, and whatever hangs.
SECONDS = 2.0
FRESH_SECONDS = 1.0

log = logging.getLogger("pulso.readiness")


class Readiness:
    """``store_answers`` asks the store something that is soon found."""

    def __init__(
        self, bus: EventBus, streams: Streams, store_answers: Callable[[], Awaitable[bool]]
    ) -> None:
        self._streams = streams
        self._bus_carries = _Question("bus", lambda: bus.carries(SECONDS))
        self._store_answers = _Question("store", store_answers)

    async def check(self) -> dict[str, Any]:
        """``{"ready": bool, "bus": …, "store": …, "draining": bool}``; bounded in time."""
        bus, store = await asyncio.gather(self._bus_carries.answer(), self._store_answers.answer())
        draining = self._streams.draining
        return {
            "ready": bus and store and not draining,
            "bus": bus,
            "store": store,
            "draining": draining,
        }


class _Question:
    """Asked by one at a time, once a second at most; no answer in time is a no."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[bool]]) -> None:
        self._name = name
        self._ask = ask
        self._asked_at = float("-inf")
        self._asking: asyncio.Future[bool] | None = None

    async def answer(self) -> bool:
        now = asyncio.get_running_loop().time()
        asking = self._asking
        if asking is None or (asking.done() and now - self._asked_at >= FRESH_SECONDS):
            self._asked_at = now
            self._asking = asking = asyncio.ensure_future(self._asked())
        # What hangs is not cancelled: whoever comes next would only have it hang once more.
        done, _ = await asyncio.wait([asking], timeout=SECONDS)
        return bool(done) and asking.result()

    async def _asked(self) -> bool:
        try:
            return await self._ask()
        except Exception:
            log.exception("The %s can't be asked whether it works", self._name)
            return False
