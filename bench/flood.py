"""Pulso with customers that write faster than any phone: ``python -m bench.flood``.

All but the gateway is what ``python main.py`` starts. SIGUSR1: each contact of each connected bot
writes once, which makes the chats. SIGUSR2: each bot gets ``BENCH_FLOOD`` messages, as fast as
the sink takes them.
"""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import main
from bench.messages import CONTENT_BYTES, MARK
from bench.phone import CONTACTS
from services import choices
from services.config import Settings
from services.store.ledger import Ledger
from services.whatsapp.gateway import MessageArrived, Sink
from services.whatsapp.simulated.gateway import SimulatedGateway
from services.whatsapp.simulated.shared import SharedSimulatedGateway

# So many messages of a bot may wait to be stored, as a gateway that is held back would keep them.
IN_FLIGHT = 64


class Flood(SimulatedGateway):
    _flood_sink: Callable[[MessageArrived], Any]

    async def open(self, sink: Sink) -> None:
        await super().open(sink)
        self._flood_sink = sink
        self._bots: dict[str, None] = {}  # one may be started twice
        self._floods: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._begin, CONTACTS, "")
        loop.add_signal_handler(
            signal.SIGUSR2, self._begin, int(os.environ["BENCH_FLOOD"]), MARK.decode()
        )

    async def start(self, bot_id: str, pair_with: str | None = None) -> None:
        await super().start(bot_id)
        self._bots[bot_id] = None

    def _begin(self, messages: int, mark: str) -> None:
        for bot_id in self._bots:
            flood = asyncio.ensure_future(self._flood(bot_id, messages, mark))
            self._floods.add(flood)
            flood.add_done_callback(self._floods.discard)

    async def _flood(self, bot_id: str, messages: int, mark: str) -> None:
        waiting: deque[Awaitable[Any]] = deque()
        for number in range(messages):
            taken = self._flood_sink(
                MessageArrived(
                    bot_id=bot_id,
                    chat_id=f"521555{number % CONTACTS:07}@s.whatsapp.net",
                    message_id=f"3EB0{time.monotonic_ns():016X}",
                    text=f"{mark}{number} ".ljust(CONTENT_BYTES, "x"),
                    push_name=f"Customer {number % CONTACTS}",
                    timestamp=time.time(),
                )
            )
            if taken is not None:
                waiting.append(taken)
            if len(waiting) >= IN_FLIGHT:
                await waiting.popleft()
        await asyncio.gather(*waiting)


class SharedFlood(Flood, SharedSimulatedGateway):
    """Of one of several processes."""


def make_gateway(settings: Settings, ledger: Ledger) -> Flood:
    if settings.several_processes:
        return SharedFlood(ledger, settings.simulator_speed)
    return Flood(settings.data_dir / "whatsapp", settings.simulator_speed)


if __name__ == "__main__":
    choices.make_gateway = make_gateway
    main.main()
