"""One reader of the feed: what it missed, then what comes.

Bounded in events and bytes. A reader that is full gets the newest of each latest-value event
only, and if that does not help it is closed as ``slow``: waiting for it would slow every
other reader, and resume gives it the rest. Messages are never dropped from a living stream.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Literal

import msgspec
from tornado.queues import Queue

from services.bus.block import Block, conflated, to_blocks
from services.bus.control_events import ControlEvent, EndReason, GapReason
from services.bus.replay import Replay

CloseReason = EndReason | Literal["gone", "timeout"]

# What waits may still go out before these; after any other reason it comes on resume.
_GRACEFUL = frozenset({"shutdown", "renew"})


class Pressure:
    """What slow readers cost, over all of them and while they live."""

    __slots__ = ("conflated", "high_water")

    def __init__(self) -> None:
        self.conflated = 0
        # The most events any reader has had waiting.
        self.high_water = 0


class Start(msgspec.Struct, frozen=True):
    """How one bot of a new stream begins: resumed, or with a gap, or simply from now."""

    bot_id: str
    resumed: bool = False
    gap: GapReason | None = None
    after: str | None = None


class Remainder(msgspec.Struct, frozen=True):
    """What the socket did not take of a block: the tail of an HTTP chunk."""

    data: bytes
    seq: int


Item = Block | Remainder | ControlEvent
# Takes a block at once; gives back the bytes the socket did not take.
Sink = Callable[[Block], bytes]


class _Waiting(Queue[Item | None]):
    """Tornado's queue on a list: nearly always empty, and an empty deque takes 760 bytes.

    It knows how much waits. Putting never waits, so that nobody ever queues up for it.
    """

    _NOBODY: ClassVar[deque[Any]] = deque()

    def __init__(self) -> None:
        super().__init__()
        self._putters = self._NOBODY

    def _init(self) -> None:
        self._queue: list[Item | None] = []
        self.events = 0
        self.bytes = 0

    def _put(self, item: Item | None) -> None:
        if isinstance(item, Block):
            self.events += len(item.entries)
            self.bytes += len(item.data)
        self._queue.append(item)

    def _get(self) -> Item | None:
        item = self._queue.pop(0)
        if isinstance(item, Block):
            self.events -= len(item.entries)
            self.bytes -= len(item.data)
        return item


class Subscription:
    """Made by ``EventBus.subscribe``; a context manager that gives its place back."""

    __slots__ = (
        "__weakref__",
        "_backlog_bytes",
        "_backlog_events",
        "_flushed_seq",
        "_leave",
        "_pressure",
        "_queue",
        "_seq",
        "bots",
        "closing",
        "replay",
        "several",
        "sink",
        "starts",
    )

    def __init__(
        self,
        starts: Sequence[Start],
        replay: Replay,
        seq: int,
        *,
        flushed_seq: Callable[[], int],
        leave: Callable[["Subscription"], None],
        pressure: Pressure,
        backlog: tuple[int, int],
    ) -> None:
        self.starts = tuple(starts)
        self.bots = frozenset(start.bot_id for start in starts)
        self.several = len(self.bots) > 1
        self.replay = replay
        self._seq = seq
        self._flushed_seq = flushed_seq
        self._leave = leave
        self._pressure = pressure
        self._backlog_events, self._backlog_bytes = backlog
        self._queue = _Waiting()
        self.closing: CloseReason | None = None
        # Set only while the reader waits on an empty queue: then a block may go straight out.
        self.sink: Sink | None = None

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close("gone")

    @property
    def seq(self) -> int:
        """Sequence number up to which the reader has been handed everything."""
        return self._flushed_seq() if self.sink is not None else self._seq

    @property
    def waiting_events(self) -> int:
        """How many events wait."""
        return self._queue.events

    @property
    def waiting_bytes(self) -> int:
        """How many bytes of events wait."""
        return self._queue.bytes

    def advance(self, seq: int) -> None:
        """The reader has been handed everything up to ``seq``."""
        self._seq = seq

    def offer(self, tick: list[Block]) -> int:
        """One tick's events, from the bus. Never waits. How many went out at once."""
        rest = tick
        written = 0
        if self.sink is not None:
            for block in tick:
                left = self.sink(block)
                written += len(block.entries)
                if left:
                    self._put(Remainder(left, block.seq))
                    rest = tick[tick.index(block) + 1 :]
                    break
            else:
                return written
            nothing_waited = True
        else:
            nothing_waited = self._queue.events == 0
        for block in rest:
            self._put(block)
        if self._queue.events > self._pressure.high_water:
            self._pressure.high_water = self._queue.events
        # One tick never closes a stream that had nothing waiting, however large it is.
        if not nothing_waited and self._full():
            self._conflate()
            if self._full():
                self.close("slow")
        return written

    def announce(self, event: ControlEvent) -> None:
        """Have the stream send an event of its own after what already waits."""
        if self.closing is None:
            self._put(event)

    def put_remainder(self, rest: Remainder) -> None:
        """Something else went out through the idle stream's sink, but not all of it."""
        self._put(rest)

    def next(
        self, sink: Sink | None = None, timeout: float | None = None
    ) -> Awaitable[Item | None]:
        """What to write next; None once closed. ``sink`` may write meanwhile, when idle.

        Raises ``tornado.util.TimeoutError`` after ``timeout`` seconds.
        """
        if sink is not None and self._queue.empty():
            self._seq = self._flushed_seq()
            self.sink = sink
        # A number would be an absolute deadline.
        return self._queue.get(timedelta(seconds=timeout) if timeout is not None else None)

    def close(self, reason: CloseReason) -> None:
        """End the stream: its reader wakes, and no event comes any more. The first reason stays."""
        if self.closing is not None:
            return
        self.closing = reason
        self._leave(self)
        # Live events after a replay that is cut short would skip what it still held.
        if reason not in _GRACEFUL or self.replay:
            self._drain()
        self._put(None)

    def _put(self, item: Item | None) -> None:
        if self.sink is not None:
            self._seq = self._flushed_seq()
            self.sink = None
        self._queue.put_nowait(item)

    def _full(self) -> bool:
        return self._queue.events > self._backlog_events or self._queue.bytes > self._backlog_bytes

    def _drain(self) -> list[Item]:
        """Everything that waits, taken out."""
        items: list[Item] = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if item is not None:
                items.append(item)
        return items

    def _conflate(self) -> None:
        items = self._drain()
        waiting = [entry for item in items if isinstance(item, Block) for entry in item.entries]
        kept = conflated(waiting)
        self._pressure.conflated += len(waiting) - len(kept)
        for item in items:
            if not isinstance(item, Block):
                self._put(item)
        for block in to_blocks(kept) if kept else ():
            self._put(block)
