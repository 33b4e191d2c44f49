"""Events that have come from Redis, on their way to the bus of this process."""

import asyncio

from services.bus.history import Entry
from services.bus.redis.shared_bus import SharedBus


class Arrivals:
    """Those that wait for what was published with them."""

    def __init__(self, bus: SharedBus) -> None:
        self._bus = bus
        self._arrived: list[Entry] = []
        self._handing_over: asyncio.Handle | None = None

    def add(self, entry: Entry, last: int) -> None:
        """``last``: the seq of the last event that was published in one go with this one.

        They are handed over together: one POST is one write, and closes no stream as slow that
        had nothing waiting.
        """
        self._arrived.append(entry)
        if entry.seq == last:
            self.hand_over_soon()
        elif self._handing_over is not None:
            # What was published before it is whole; this is not.
            self._arrived.pop()
            self.hand_over()
            self._arrived.append(entry)

    def hand_over_soon(self) -> None:
        if self._handing_over is None:
            # What has come already is read before it is called.
            self._handing_over = asyncio.get_running_loop().call_soon(self.hand_over)

    def hand_over(self) -> None:
        if self._handing_over is not None:
            self._handing_over.cancel()
            self._handing_over = None
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self._bus.deliver(arrived)
