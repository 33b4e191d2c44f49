"""What travels through Redis: an event as it is kept, and as it is announced. No I/O.

Kept is ``before at key json``: the seq of the bot's event before it, milliseconds since 1970 by
Redis's clock, the conflation key, the event. Announced is ``seq last`` and that, where ``last`` is
the seq of the last event that was published in one go with it.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from services.bus.cursor import Cursor
from services.bus.events import Event, conflation_key
from services.bus.history import Entry
from services.bus.sse import event_frame

NO_KEY = b"-"

_encode = msgspec.json.Encoder().encode


class Announced(msgspec.Struct, frozen=True, gc=False):
    """An event off a channel. ``before``: the seq of the bot's event before it."""

    entry: Entry
    before: int
    last: int


class Range(msgspec.Struct, frozen=True):
    """A bot's events after a seq; None where one of them is no longer kept.

    ``newest`` is the seq of its newest event, ``dropped`` of the newest one that is not kept
    (known where a seq was asked for).
    """

    newest: int
    dropped: int = 0
    entries: list[Entry] | None = None


def arguments(event: Event) -> tuple[str, str | bytes, bytes]:
    """What the script that publishes takes of an event: bot, conflation key, JSON."""
    key = conflation_key(event)
    # No space may be in it.
    return event.bot_id, NO_KEY if key is None else quote("\0".join(key)), _encode(event)


def announced(epoch: str, bot_id: str, payload: bytes, now: float) -> Announced:
    """An event off its bot's channel. ``now``: seconds of the process's own clock."""
    seq, last, before, _, key, data = payload.split(b" ", 5)
    return Announced(_entry(epoch, bot_id, int(seq), key, data, now), int(before), int(last))


def kept_range(epoch: str, bot_id: str, reply: Sequence[Any], shift: float) -> Range:
    """One bot's part of the answer of ``range.lua``.

    ``shift``: seconds to add to a time of Redis's for one of the process's own clock.
    """
    if len(reply) == 1:
        return Range(int(reply[0]))
    newest, dropped = int(reply[0]), int(reply[1])
    if len(reply) == 2:
        return Range(newest, dropped)
    entries = []
    flat = reply[2]
    for seq, kept in zip(flat[::2], flat[1::2], strict=True):
        _, at, key, data = kept.split(b" ", 3)
        entries.append(_entry(epoch, bot_id, int(seq), key, data, int(at) / 1000 + shift))
    return Range(newest, dropped, entries)


def _entry(epoch: str, bot_id: str, seq: int, key: bytes, data: bytes, at: float) -> Entry:
    frame = event_frame(str(Cursor(epoch, seq)), data)
    return Entry(seq, bot_id, frame, at, None if key == NO_KEY else (key.decode(),))
