"""Retries of one publish answer as the first time did, and publish nothing.

Remembered for as long as history is: a retry later than that looks like a new request.
"""

import time
from collections.abc import Callable
from hashlib import sha256

import msgspec

from services.bus.cursor import Cursor
from services.errors import Conflict

OTHER_BODY = "This Idempotency-Key was used with another body"
MAX_KEYS = 100_000  # some 300 bytes each


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What was answered, and the body it was for. Ids of one request follow each other."""

    digest: bytes
    first_id: str
    count: int
    at: float

    @property
    def ids(self) -> list[str]:
        """The ids as they were given."""
        first = Cursor.parse(self.first_id)
        return first.run(self.count) if first is not None else [self.first_id]


class IdempotencyKeys:
    """``seconds``: how long a key counts. ``clock`` in seconds, monotonic."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self.answers: dict[tuple[str, str], Answer] = {}

    def find(self, sub: str, key: str, body: bytes) -> list[str] | None:
        """The ids of the first time; None for a new key. Conflict for another body."""
        self._forget_old()
        answer = self.answers.get((sub, key))
        if answer is None:
            return None
        if answer.digest != sha256(body).digest():
            raise Conflict(OTHER_BODY)
        return answer.ids

    def remember(self, sub: str, key: str, body: bytes, ids: list[str]) -> None:
        """Keep the answer of a new key: the ids of one ``publish_all``, at least one."""
        digest = sha256(body).digest()
        self.answers[sub, key] = Answer(digest, ids[0], len(ids), self._clock())

    def _forget_old(self) -> None:
        horizon = self._clock() - self._seconds
        while self.answers:
            oldest = next(iter(self.answers))
            if self.answers[oldest].at >= horizon and len(self.answers) <= MAX_KEYS:
                break
            del self.answers[oldest]
