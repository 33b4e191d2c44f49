"""Events that follow one another, joined into one write. Made once, shared by every stream."""

from collections.abc import Iterator, Sequence

from services.bus.history import Entry
from services.bus.sse import blocks, chunk


class Block:
    """Some events of one tick: at most 64 KiB, or one larger event."""

    __slots__ = ("_chunk", "data", "entries")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.data = b"".join([entry.frame for entry in entries])
        self._chunk: bytes | None = None

    @property
    def chunk(self) -> bytes:
        """``data`` as an HTTP chunk, made when the first idle stream asks for it."""
        if self._chunk is None:
            self._chunk = chunk(self.data)
        return self._chunk

    @property
    def seq(self) -> int:
        """The sequence number of the newest event in here."""
        return self.entries[-1].seq


def to_blocks(entries: Sequence[Entry]) -> list[Block]:
    """These events, in this order, as blocks."""
    if len(entries) == 1:
        return [Block(entries)]
    return list(each_block(entries))


def each_block(entries: Sequence[Entry]) -> Iterator[Block]:
    """``to_blocks`` one by one.

    For what one stream alone is given: a thousand that resume at once and read slowly would
    hold all their replays as bytes.
    """
    for run in blocks([entry.frame for entry in entries]):
        yield Block([entries[position] for position in run])


def conflated(entries: Sequence[Entry]) -> list[Entry]:
    """Without the events that a newer one of the same key replaces."""
    seen: set[tuple[str, ...]] = set()
    kept: list[Entry] = []
    for entry in reversed(entries):
        if entry.key is not None:
            if entry.key in seen:
                continue
            seen.add(entry.key)
        kept.append(entry)
    kept.reverse()
    return kept
