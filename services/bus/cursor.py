"""A point in the feed: the epoch of a history and a sequence number in it.

Opaque to clients. Fixed width, so that ids order the same as text and as numbers, also over the
epochs of one server.
"""

import re
import secrets
import time
from typing import NamedTuple

_FORM = re.compile(r"([0-9a-f]{16})-([0-9]{12})")


class Cursor(NamedTuple):
    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq:012d}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """The cursor this text is; None where it is none of ours."""
        match = _FORM.fullmatch(text) if len(text) <= 64 and text.isascii() else None
        return cls(match[1], int(match[2])) if match else None

    def run(self, count: int) -> list[str]:
        """The ids of ``count`` events that follow each other, this one first."""
        return [str(Cursor(self.epoch, seq)) for seq in range(self.seq, self.seq + count)]


def following_epoch(epoch: str) -> str:
    """An epoch that orders after this one."""
    return f"{int(epoch[:12], 16) + 1:012x}{secrets.token_hex(2)}"


def new_epoch() -> str:
    """16 hex digits: milliseconds since 1970, then 16 random bits against a clock set back."""
    return f"{int(time.time() * 1000) & 0xFFFF_FFFF_FFFF:012x}{secrets.token_hex(2)}"
