"""What is remembered of a bot that should run: how its connection has fared so far."""

import asyncio
import math
import time

STEADY = 60.0  # seconds online after which the next loss counts as a first one


class RunningBot:
    """A bot that should run: its losses in a row, and the timer of the next attempt.

    ``pair_with``: the digits of the number that it is linked with by code.
    """

    def __init__(self, pair_with: str | None = None) -> None:
        self.pair_with = pair_with
        self.losses = 0
        self.disconnect_announced = False  # its Disconnected was emitted, its Connecting not yet
        self.timer: asyncio.TimerHandle | None = None
        self.online = asyncio.Event()
        self.online_since = math.inf

    async def is_online_in(self, seconds: float) -> bool:
        """Whether it is, or will be within so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.online.wait()
        except TimeoutError:
            return False
        return True

    def rest(self) -> None:
        """Neither online nor about to be."""
        self.online.clear()
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def lost(self) -> int:
        """Count one more loss in a row; the answer is how many there are."""
        if time.monotonic() - self.online_since > STEADY:
            self.losses = 0
        self.online_since = math.inf
        self.losses += 1
        return self.losses
