"""What each bot's readers can still resume from. Bounded for each bot, and in bytes over all.

A bot remembers the newest events only, none older than the window, and how far it has
forgotten: a reader behind that point gets a gap, never less in silence.
No I/O; ``now`` is in seconds of a monotonic clock.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

# What an event takes beside its frame: the entry, two numbers, its turn in two queues.
ENTRY_BYTES = 160
# Fewer turns of events that are gone are not worth a walk over all.
_COMPACT_FROM = 1024


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One published event, encoded. Of those with the same ``key`` slow readers need the newest."""

    seq: int
    bot_id: str
    frame: bytes
    at: float
    key: tuple[str, ...] | None = None


class BotHistory:
    __slots__ = ("dropped", "entries", "passed_over")

    def __init__(self, dropped: int = 0) -> None:
        self.entries: deque[Entry] = deque()
        # Sequence number of the newest event that is no longer here; 0: none was dropped.
        self.dropped = dropped
        # How many of this bot's oldest turns in the order of all are of events that are gone.
        self.passed_over = 0


class History:
    """All bots' histories: ``events`` and ``seconds`` bound each, ``max_bytes`` them together."""

    # A bot that only remembers what it forgot is an int in a dict; beyond this many bots the
    # longest silent are folded into one floor, which can only report a gap too many.
    MAX_BOTS = 100_000

    def __init__(self, events: int, seconds: float, max_bytes: int = 268_435_456) -> None:
        self.events = events
        self.seconds = seconds
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.floor = 0
        self.bots: dict[str, BotHistory] = {}
        # Whose event it was, oldest event first: each bot's own queue knows which one.
        self._order: deque[BotHistory] = deque()
        self._passed_over = 0

    def append(self, entry: Entry) -> None:
        # A bot unheard of may be one that was folded into the floor.
        bot = self.bots.pop(entry.bot_id, None) or BotHistory(self.floor)
        self.bots[entry.bot_id] = bot  # last in the dict: the most recently heard of
        bot.entries.append(entry)
        self._order.append(bot)
        self.held_bytes += len(entry.frame) + ENTRY_BYTES
        while len(bot.entries) > self.events:
            self._drop_oldest(bot)
        self._forget_older(bot, entry.at)
        while self.held_bytes > self.max_bytes:
            self._drop_oldest_of_all()
        while len(self.bots) > self.MAX_BOTS:
            oldest = self.bots.pop(next(iter(self.bots)))
            while oldest.entries:
                self._drop_oldest(oldest)
            self.floor = max(self.floor, oldest.dropped)
        if self._passed_over > _COMPACT_FROM and self._passed_over * 2 > len(self._order):
            self._compact()

    def since(self, bot_id: str, seq: int, now: float) -> list[Entry] | None:
        """The bot's events after ``seq``, oldest first; None where one of them was dropped."""
        if not self.holds(bot_id, seq, now):
            return None
        bot = self.bots.get(bot_id)
        found: list[Entry] = []
        for entry in reversed(bot.entries if bot is not None else ()):
            if entry.seq <= seq:
                break
            found.append(entry)
        found.reverse()
        return found

    def holds(self, bot_id: str, seq: int, now: float) -> bool:
        """Whether nothing of the bot after ``seq`` was dropped."""
        bot = self.bots.get(bot_id)
        if bot is None:
            return self.floor <= seq
        self._forget_older(bot, now)
        return bot.dropped <= seq

    def replace(self, bot_id: str, dropped: int, entries: Sequence[Entry] = ()) -> None:
        """Hold these events of the bot and no others: all there are after ``dropped``."""
        self.remove(bot_id)
        bot = self.bots[bot_id] = BotHistory(dropped)
        bot.entries.extend(entries)
        # They are not the oldest of all, but those that were asked for last are not missed most.
        self._order.extendleft([bot] * len(entries))
        self.held_bytes += sum(len(entry.frame) + ENTRY_BYTES for entry in entries)
        while len(bot.entries) > self.events:
            self._drop_oldest(bot)
        while self.held_bytes > self.max_bytes:
            self._drop_oldest_of_all()

    def remove(self, bot_id: str) -> None:
        """Know nothing of this bot any more."""
        bot = self.bots.pop(bot_id, None)
        while bot is not None and bot.entries:
            self._drop_oldest(bot)

    def newest(self, bot_id: str) -> int:
        """The sequence number of the bot's newest event here; 0 where there is none."""
        bot = self.bots.get(bot_id)
        return bot.entries[-1].seq if bot is not None and bot.entries else 0

    def restore(self, floor: int, dropped: Mapping[str, int], entries: Iterable[Entry]) -> None:
        """Go on from what was saved, within today's bounds. ``dropped``: every bot's."""
        self.floor = floor
        for bot_id, seq in dropped.items():
            self.bots[bot_id] = BotHistory(seq)
        for entry in in_order([list(entries)]):
            self.append(entry)

    def sweep(self, now: float) -> None:
        """Forget everything older than the window, quiet bots included."""
        for bot in self.bots.values():
            self._forget_older(bot, now)

    def _forget_older(self, bot: BotHistory, now: float) -> None:
        horizon = now - self.seconds
        while bot.entries and bot.entries[0].at < horizon:
            self._drop_oldest(bot)

    def _drop_oldest(self, bot: BotHistory) -> None:
        self._take_oldest(bot)
        bot.passed_over += 1
        self._passed_over += 1

    def _drop_oldest_of_all(self) -> None:
        bot = self._order.popleft()
        if bot.passed_over:
            bot.passed_over -= 1
            self._passed_over -= 1
        else:
            self._take_oldest(bot)

    def _take_oldest(self, bot: BotHistory) -> None:
        entry = bot.entries.popleft()
        bot.dropped = entry.seq
        self.held_bytes -= len(entry.frame) + ENTRY_BYTES

    def _compact(self) -> None:
        order, self._order = self._order, deque()
        for bot in order:
            if bot.passed_over:
                bot.passed_over -= 1
            else:
                self._order.append(bot)
        self._passed_over = 0


def in_order(histories: Iterable[list[Entry]]) -> list[Entry]:
    """Several bots' events as one, by sequence number."""
    merged = [entry for entries in histories for entry in entries]
    merged.sort(key=lambda entry: entry.seq)
    return merged
