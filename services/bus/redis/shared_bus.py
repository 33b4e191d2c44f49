"""The bus of one of several processes: what it delivers comes from Redis, in Redis's order.

Its sequence numbers are Redis's counter, and it knows the bots only that its readers follow: of
those it has had everything up to ``seq``. What it says of any other, it says too early.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from services.bus.block import to_blocks
from services.bus.control_events import Gap, GapReason
from services.bus.event_bus import EventBus
from services.bus.events import Event
from services.bus.history import Entry
from services.bus.sse import control_frame
from services.bus.subscription import Subscription
from services.errors import Unavailable


class SharedBus(EventBus):
    """``answers`` asks Redis for something and waits for it on the way that events come."""

    answers: Callable[[], Awaitable[None]]

    def __init__(self, **bounds: Any) -> None:
        super().__init__(**bounds)
        self.begun = False

    @property
    def seen(self) -> tuple[str, int]:
        """The epoch and the newest seq that this process knows; ``("", 0)`` before any."""
        return (self.epochs.current, self._seq) if self.begun else ("", 0)

    def publish_all(self, events: Sequence[Event]) -> list[str]:
        raise NotImplementedError("Redis publishes")

    def begin(self, epoch: str, seq: int) -> None:
        """Go on from where Redis is."""
        self.begun = True
        self.epochs.current = epoch
        self._seq = self._flushed_seq = seq

    def follows(self, bot_id: str) -> bool:
        """Whether any reader follows this bot."""
        return bot_id in self._single or bot_id in self._several

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Give these events to their readers; they come after all that were delivered."""
        for entry in entries:
            self.history.append(entry)
        self._pending += entries
        self._seq = entries[-1].seq
        self._flush_in_time(self._clock())

    def advance(self, seq: int) -> None:
        """Up to here nothing else was published for the bots that are followed."""
        self._seq = max(seq, self._seq)
        if not self._pending:
            self._flushed_seq = self._seq

    def lose(self, bots: Iterable[str], reason: GapReason) -> None:
        """What came after the newest event of these bots is lost to them: every reader gets a gap.

        Its id is the cursor of before: whoever is cut off in the middle gets it again.
        """
        self._flush()
        bots = frozenset(bots)
        cursor = self.cursor()
        several: dict[Subscription, None] = {}
        gaps = {}
        for bot_id in sorted(bots):
            gap = Gap(bot_id=bot_id, reason=reason, after=cursor)
            frame = control_frame(gap, cursor=cursor)
            gaps[bot_id] = Entry(self._seq, bot_id, frame, self._clock())
            self.history.remove(bot_id)
            self._report([gaps[bot_id]], self._single.get(bot_id, ()), reason)
            several.update(self._several.get(bot_id, {}))
        for reader in several:
            self._report([gaps[bot_id] for bot_id in sorted(bots & reader.bots)], [reader], reason)

    def restart(self, epoch: str, seq: int) -> None:
        """All that was published is lost; ``seq`` is beyond it. Every reader gets a gap."""
        self.lose([*self._single, *self._several], "restarted")
        self.epochs.lose(self._seq, epoch)
        for bot_id in list(self.history.bots):
            self.history.remove(bot_id)
        self._seq = self._flushed_seq = seq

    async def carries(self, seconds: float) -> bool:
        try:
            await self.answers()
        except Unavailable:
            return False
        return await super().carries(seconds)

    def _report(
        self, gaps: list[Entry], readers: Iterable[Subscription], reason: GapReason
    ) -> None:
        blocks = to_blocks(gaps)
        for reader in tuple(readers):
            reader.offer(blocks)
            self.gaps[reason] += len(gaps)
