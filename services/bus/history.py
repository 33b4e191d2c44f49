"""What each bot's readers can still resume from. Bounded for each bot on its own.

A bot remembers the newest events only, none older than the window, and how far it has
forgotten: a reader behind that point is told of a gap, never given less in silence.
No I/O; ``now`` is in seconds of a monotonic clock.
"""

from collections import deque
from collections.abc import Iterable

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One published event, encoded. Of those with the same ``key`` slow readers need the newest."""

    seq: int
    bot_id: str
    frame: bytes
    at: float
    key: tuple[str, ...] | None = None


class BotHistory:
    __slots__ = ("dropped", "entries")

    def __init__(self, dropped: int = 0) -> None:
        self.entries: deque[Entry] = deque()
        # Sequence number of the newest event that is no longer here; 0: none was dropped.
        self.dropped = dropped


class History:
    """The histories of all bots. ``events`` and ``seconds`` bound each of them."""

    # A bot that only remembers what it forgot is an int in a dict; beyond this many bots the
    # longest silent are folded into one floor, which can only report a gap too many.
    MAX_BOTS = 100_000

    def __init__(self, events: int, seconds: float) -> None:
        self.events = events
        self.seconds = seconds
        self.floor = 0
        self.bots: dict[str, BotHistory] = {}

    def append(self, entry: Entry) -> None:
        # A bot unheard of may be one that was folded into the floor.
        bot = self.bots.pop(entry.bot_id, None) or BotHistory(self.floor)
        self.bots[entry.bot_id] = bot  # last in the dict: the most recently heard of
        bot.entries.append(entry)
        while len(bot.entries) > self.events:
            bot.dropped = bot.entries.popleft().seq
        self._forget_older(bot, entry.at)
        while len(self.bots) > self.MAX_BOTS:
            oldest = self.bots.pop(next(iter(self.bots)))
            newest_seq = oldest.entries[-1].seq if oldest.entries else oldest.dropped
            self.floor = max(self.floor, newest_seq)

    def since(self, bot_id: str, seq: int, now: float) -> list[Entry] | None:
        """The bot's events after ``seq``, oldest first; None where one of them was dropped."""
        bot = self.bots.get(bot_id)
        if bot is None:
            return None if self.floor > seq else []
        self._forget_older(bot, now)
        if bot.dropped > seq:
            return None
        found: list[Entry] = []
        for entry in reversed(bot.entries):
            if entry.seq <= seq:
                break
            found.append(entry)
        found.reverse()
        return found

    def trim(self) -> None:
        """Hold every bot to the bound, after the bound became smaller."""
        for bot in self.bots.values():
            while len(bot.entries) > self.events:
                bot.dropped = bot.entries.popleft().seq

    def sweep(self, now: float) -> None:
        """Forget everything older than the window, quiet bots included."""
        for bot in self.bots.values():
            self._forget_older(bot, now)

    def _forget_older(self, bot: BotHistory, now: float) -> None:
        horizon = now - self.seconds
        while bot.entries and bot.entries[0].at < horizon:
            bot.dropped = bot.entries.popleft().seq


def in_order(histories: Iterable[list[Entry]]) -> list[Entry]:
    """Several bots' events as one, by sequence number."""
    merged = [entry for entries in histories for entry in entries]
    merged.sort(key=lambda entry: entry.seq)
    return merged
