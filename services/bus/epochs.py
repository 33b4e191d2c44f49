"""Which epoch each event's id is of: one for each life of the server, those before it remembered.

A server that restores its history gives out ids of a new epoch and honours those of the lives it
knows of, up to where each ended. So ids are never given out twice: where a backup is put back,
what was given out after it was made is of an epoch that the restored server does not know.
"""

from bisect import bisect_left
from collections.abc import Sequence

from services.bus.cursor import Cursor, following_epoch, new_epoch

REMEMBERED = 64  # lives; a history reaches back over far fewer


class Epochs:
    def __init__(self) -> None:
        self.current = new_epoch()
        self._ends: list[int] = []
        self._before: list[str] = []
        # The last sequence number of a history that was lost.
        self._lost = -1

    def cursor(self, seq: int) -> Cursor:
        """The cursor of this sequence number."""
        if not self._ends or seq > self._ends[-1]:
            return Cursor(self.current, seq)
        return Cursor(self._before[bisect_left(self._ends, seq)], seq)

    def honours(self, cursor: Cursor) -> bool:
        """Whether this is a cursor of the history that goes on."""
        return cursor.seq > self._lost and cursor == self.cursor(cursor.seq)

    def lose(self, end: int, epoch: str) -> None:
        """What went on up to ``end`` is lost; from there on it is this epoch, of a new history."""
        self._ends.append(end)
        self._before.append(self.current)
        self.current = epoch
        self._lost = end
        del self._ends[:-REMEMBERED], self._before[:-REMEMBERED]

    def restore(self, lives: Sequence[tuple[int, str]]) -> None:
        """Go on after these lives: the last sequence number of each and its epoch, in order."""
        self._ends = [end for end, _ in lives]
        self._before = [epoch for _, epoch in lives]
        # Ids increase along a stream also where the clock was set back.
        if self._before and self.current <= self._before[-1]:
            self.current = following_epoch(self._before[-1])

    def lives(self, seq: int) -> list[tuple[int, str]]:
        """What ``restore`` takes: this life, which ended at ``seq``, after those before it."""
        lives = list(zip(self._ends, self._before, strict=True))
        if not lives or seq > lives[-1][0]:
            lives.append((seq, self.current))
        return lives[-REMEMBERED:]
