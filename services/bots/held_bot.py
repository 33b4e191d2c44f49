"""A bot that this process holds, where there are several."""

import time

from services.bots.status import BotRecord


class LeaseLost(Exception):
    """Another process holds the bot by now."""


class HeldBot(BotRecord, kw_only=True):
    """``until``: held, by ``time.monotonic()``; ``leaving``: it does nothing new."""

    fence: int
    until: float
    began: bool = False
    leaving: bool = False

    @property
    def is_held(self) -> bool:
        """Right now; a process that was frozen has to ask before anything else."""
        return time.monotonic() < self.until
