"""Many deadlines, one timer: a heap in place of a timer for each stream."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

# A heap keeps what was cancelled until its turn; it is rebuilt when most of it is that.
_REBUILD_FROM = 64


class Deadline:
    """A callback at a moment; ``cancel`` to take it back."""

    __slots__ = ("_owner", "callback")

    def __init__(self, owner: "Deadlines", callback: Callable[[], None]) -> None:
        self._owner = owner
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        if self.callback is not None:
            self.callback = None
            self._owner.cancelled += 1


class Deadlines:
    """Times are those of the running loop's clock, in seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._order = count()
        self.cancelled = 0
        self._timer: asyncio.TimerHandle | None = None

    def at(self, when: float, callback: Callable[[], None]) -> Deadline:
        """Call ``callback`` once at ``when``, or soon where that is past."""
        deadline = Deadline(self, callback)
        if len(self._heap) > _REBUILD_FROM and self.cancelled * 2 > len(self._heap):
            self._heap = [item for item in self._heap if item[2].callback is not None]
            heapq.heapify(self._heap)
            self.cancelled = 0
        heapq.heappush(self._heap, (when, next(self._order), deadline))
        if self._heap[0][2] is deadline:
            self._arm()
        return deadline

    def close(self) -> None:
        """Call nothing any more."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            self._timer = asyncio.get_running_loop().call_at(self._heap[0][0], self._run)

    def _run(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        try:
            while self._heap and self._heap[0][0] <= now:
                deadline = heapq.heappop(self._heap)[2]
                callback, deadline.callback = deadline.callback, None
                if callback is None:
                    self.cancelled -= 1
                else:
                    callback()
        finally:
            # Also where one of them failed: the others still count.
            self._arm()
