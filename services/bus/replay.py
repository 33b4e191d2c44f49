"""What a stream missed. What many missed alike is joined once.

After a restart thousands come back with the same few ids: found, sorted and joined for each of
them anew, a hundred events took a fifth of what opening a stream costs.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from services.bus.block import Block, each_block
from services.bus.history import Entry, History, in_order
from services.bus.sse import BLOCK_BYTES

# Kept for the next that comes after the same event: 8 MiB at most.
SHARED_BLOCKS = 128


class Replay:
    """Events to be given again. ``block``: all of them, where one holds them."""

    __slots__ = ("block", "entries")

    def __init__(self, entries: Sequence[Entry], block: Block | None = None) -> None:
        self.entries = entries
        self.block = block

    def __len__(self) -> int:
        return len(self.entries)

    def blocks(self) -> Iterator[Block]:
        """One by one: a thousand that resume and read slowly would hold all as bytes."""
        return iter((self.block,)) if self.block is not None else each_block(self.entries)


NOTHING = Replay(())


class Replays:
    """The replays of a history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._shared: OrderedDict[tuple[tuple[str, ...], int, int], Block] = OrderedDict()

    def after(self, seq: int, bots: Sequence[str], now: float) -> Replay:
        """What came after ``seq``, nothing of which these bots' histories may have dropped."""
        newest = max(map(self._history.newest, bots), default=0)
        if newest <= seq:
            return NOTHING
        # With nothing dropped, these three identify the events.
        key = (tuple(bots), seq, newest)
        block = self._shared.get(key)
        if block is None:
            entries = in_order(self._history.since(bot_id, seq, now) or [] for bot_id in bots)
            if sum(len(entry.frame) for entry in entries) > BLOCK_BYTES:
                return Replay(entries)
            self._shared[key] = block = Block(entries)
            if len(self._shared) > SHARED_BLOCKS:
                self._shared.popitem(last=False)
        else:
            self._shared.move_to_end(key)
        return Replay(block.entries, block)
