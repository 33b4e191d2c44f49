"""Give every event to every reader of its bot, in order, and remember the last few.

``publish`` and ``subscribe`` do not await. On Tornado's one thread that alone makes the seam
between history and live exact: no event is lost there, none comes twice. One sequence serves
all bots, so that one cursor places a stream that follows several; what is published within a
tick goes out as one write a stream, in sequence order.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set

import msgspec

from services.bus.block import Block, to_blocks
from services.bus.control_events import GapReason
from services.bus.cursor import Cursor
from services.bus.epochs import Epochs
from services.bus.events import Event, conflation_key
from services.bus.history import Entry, History
from services.bus.replay import NOTHING, Replays
from services.bus.sse import event_frame
from services.bus.subscription import Pressure, Start, Subscription

# No client can follow it: over 128 characters are refused on every request.
PROBE_BOT = "probe".ljust(129, "-")

Readers = dict[str, dict[Subscription, None]]

_encode = msgspec.json.Encoder().encode


class EventBus:
    """The bus of one process.

    ``coalesce_ms``: the first event after a quiet moment goes out at once; those that follow
    faster than this share one write. ``history_bytes``: of all bots together. ``backlog``:
    events and bytes one reader may have waiting. ``observe(seconds)`` is called with each
    event's time from publish to its write.
    """

    def __init__(
        self,
        *,
        history_events: int = 1000,
        history_seconds: float = 600.0,
        history_bytes: int = 268_435_456,
        coalesce_ms: float = 10.0,
        backlog: tuple[int, int] = (512, 1_048_576),
        observe: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epochs = Epochs()
        self.history = History(history_events, history_seconds, history_bytes)
        self._replays = Replays(self.history)
        self._coalesce = coalesce_ms / 1000
        self._backlog = backlog
        self._observe = observe
        self._clock = clock
        self._seq = 0
        self._flushed_seq = 0
        self._flushed_at = float("-inf")
        self._pending: list[Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        # By bot: those that follow it alone, and those that follow others too.
        self._single: Readers = {}
        self._several: Readers = {}
        self.published: Counter[str] = Counter()
        self.gaps: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.pressure = Pressure()

    @property
    def seq(self) -> int:
        """Sequence number of the newest event."""
        return self._seq

    def restore(self, lives: Sequence[tuple[int, str]]) -> None:
        """Continue a feed that a clean shutdown left off: ``Epochs.lives`` of then.

        Before anything is published.
        """
        self.epochs.restore(lives)
        self._seq = self._flushed_seq = lives[-1][0]

    def cursor(self) -> str:
        """The id of the newest event."""
        return str(self.epochs.cursor(self._seq))

    def cursor_at(self, seq: int) -> str:
        """The id of this sequence number."""
        return str(self.epochs.cursor(seq))

    def flushed_seq(self) -> int:
        """Sequence number up to which every reader has been offered everything."""
        return self._flushed_seq

    @property
    def subscriptions(self) -> int:
        """How many (reader, bot) pairs there are."""
        return sum(map(len, (*self._single.values(), *self._several.values())))

    def publish(self, event: Event) -> str:
        """Give this event to its readers and to history. The event's id."""
        return self.publish_all((event,))[0]

    def publish_all(self, events: Sequence[Event]) -> list[str]:
        """``publish`` for several, in one go: they share a write. Their ids."""
        now = self._clock()
        ids = []
        for event in events:
            self._seq += 1
            cursor = str(Cursor(self.epochs.current, self._seq))
            frame = event_frame(cursor, _encode(event))
            entry = Entry(self._seq, event.bot_id, frame, now, conflation_key(event))
            self.history.append(entry)
            self._pending.append(entry)
            self.published[str(event.__struct_config__.tag)] += 1
            ids.append(cursor)
        if ids:
            self._flush_in_time(now)
        return ids

    def subscribe(self, bots: Iterable[str], last_event_id: str | None = None) -> Subscription:
        """Follow these bots from right after the event ``last_event_id``, or from now.

        What can't be honoured is a ``gap`` in that bot's ``Start``; the others are replayed.
        """
        # What is pending belongs to history now; flushed first, it can't come twice.
        self._flush()
        cursor = Cursor.parse(last_event_id) if last_event_id is not None else None
        now = self._clock()
        starts = [self._start(bot_id, last_event_id, cursor, now) for bot_id in dict.fromkeys(bots)]
        seq, replay = self._seq, NOTHING
        if cursor is not None:
            resumed = [start.bot_id for start in starts if start.resumed]
            if resumed:
                seq, replay = cursor.seq, self._replays.after(cursor.seq, resumed, now)
                self.counts["replayed"] += len(replay)
        subscription = Subscription(
            starts,
            replay,
            seq,
            flushed_seq=self.flushed_seq,
            leave=self._leave,
            pressure=self.pressure,
            backlog=self._backlog,
        )
        for bot_id in subscription.bots:
            self._readers(subscription).setdefault(bot_id, {})[subscription] = None
        return subscription

    def wrote(self, block: Block) -> None:
        """A reader wrote a block that had to wait."""
        self.counts["delivered"] += len(block.entries)
        if self._observe is not None:
            self._observe(self._clock() - block.entries[0].at)

    async def carries(self, seconds: float) -> bool:
        """Whether what goes in comes out at a reader within ``seconds``.

        What travels is no event: it has no id, no history, and no stream can follow it.
        """
        with self.subscribe([PROBE_BOT]) as reader:
            now = self._clock()
            self._pending.append(Entry(self._seq, PROBE_BOT, b"", now, None))
            self._flush_in_time(now)
            try:
                return isinstance(await reader.next(timeout=seconds), Block)
            except TimeoutError:
                return False

    def close(self) -> None:
        """Send what is pending; publish nothing after this."""
        self._flush()

    def _start(
        self, bot_id: str, last_event_id: str | None, cursor: Cursor | None, now: float
    ) -> Start:
        if last_event_id is None:
            return Start(bot_id)
        gap: GapReason
        if cursor is None:
            gap, last_event_id = "unknown", None
        elif not self.epochs.honours(cursor):
            gap = "restarted"
        elif cursor.seq > self._seq:
            gap = "unknown"
        elif self.history.holds(bot_id, cursor.seq, now):
            return Start(bot_id, resumed=True)
        else:
            gap = "evicted"
        self.gaps[gap] += 1
        return Start(bot_id, gap=gap, after=last_event_id)

    def _readers(self, subscription: Subscription) -> Readers:
        return self._several if subscription.several else self._single

    def _leave(self, subscription: Subscription) -> None:
        by_bot = self._readers(subscription)
        for bot_id in subscription.bots:
            readers = by_bot.get(bot_id)
            if readers is not None:
                readers.pop(subscription, None)
                if not readers:
                    del by_bot[bot_id]

    def _flush_in_time(self, now: float) -> None:
        if self._timer is None:
            wait = self._flushed_at + self._coalesce - now
            if wait <= 0:
                self._flush()
            else:
                self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        by_bot: dict[str, list[Entry]] = {}
        for entry in pending:
            by_bot.setdefault(entry.bot_id, []).append(entry)
        # What at least one reader took at once.
        taken: list[Entry] = []
        several: dict[Subscription, None] = {}
        for bot_id, entries in by_bot.items():
            if bot_id in self._single:
                taken += self._offer(entries, self._single[bot_id])
            if bot_id in self._several:
                several.update(self._several[bot_id])
        if several:
            by_seq = {entry.seq: entry for entry in taken}
            for bots, readers in _by_news(several, by_bot.keys()).items():
                entries = [entry for entry in pending if entry.bot_id in bots]
                by_seq |= {entry.seq: entry for entry in self._offer(entries, readers)}
            taken = list(by_seq.values())
        self._flushed_seq = pending[-1].seq
        self._flushed_at = now = self._clock()
        if self._observe is not None:
            for entry in taken:
                self._observe(now - entry.at)

    def _offer(self, entries: list[Entry], readers: Iterable[Subscription]) -> list[Entry]:
        """Give these events to these readers. What any of them took at once."""
        tick = to_blocks(entries)
        delivered = most = 0
        for reader in tuple(readers):  # a reader that is closed as slow leaves
            written = reader.offer(tick)
            delivered += written
            if written > most:
                most = written
        self.counts["delivered"] += delivered
        return entries[:most]


def _by_news(
    readers: Iterable[Subscription], bots: Set[str]
) -> dict[frozenset[str], list[Subscription]]:
    """Readers of several bots by which of ``bots`` they follow: each set is joined once."""
    found: dict[frozenset[str], list[Subscription]] = {}
    for reader in readers:
        found.setdefault(frozenset(bots & reader.bots), []).append(reader)
    return found
