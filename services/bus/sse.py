"""The bytes of a stream, made in one place (WHATWG HTML §9.2).

Every frame is complete: it ends in a blank line, and its id comes with its data, so that a
client cut anywhere resumes from the last frame it holds whole. JSON goes in as one line;
encoded JSON has no raw newline, so no text of a publisher can begin a field of its own.
"""

import time
from collections.abc import Sequence

import msgspec

from services.bus.control_events import ControlEvent, Ping

# What is handed to a connection at once, unless one event is larger.
BLOCK_BYTES = 65_536

_encode = msgspec.json.Encoder().encode


def event_frame(cursor: str, data: bytes) -> bytes:
    """A published event: ``data`` is its JSON, encoded once for all streams."""
    return b"id: %b\ndata: %b\n\n" % (cursor.encode(), data)


def control_frame(
    event: ControlEvent, *, cursor: str | None = None, retry_ms: int | None = None
) -> bytes:
    """An event of the stream's own."""
    lines = []
    if retry_ms is not None:
        # Never in a block of its own: some clients make an empty event of that.
        lines.append(b"retry: %d\n" % retry_ms)
    if cursor is not None:
        lines.append(b"id: %b\n" % cursor.encode())
    return b"%bdata: %b\n\n" % (b"".join(lines), _encode(event))


def ping_frame(cursor: str, now: float | None = None) -> bytes:
    """The heartbeat: a comment as the original sends, and a named event for watchdogs.

    The event carries data because Firefox and WebKit keep no ``id:`` without it; ``onmessage``
    never sees it. ``now`` is in seconds since 1970.
    """
    millis = int((time.time() if now is None else now) * 1000)
    return b": ping\nevent: ping\nid: %b\ndata: %b\n\n" % (
        cursor.encode(),
        _encode(Ping(time=millis)),
    )


def chunk(data: bytes) -> bytes:
    """``data`` as one chunk of HTTP/1.1 chunked transfer coding (RFC 9112 §7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def blocks(frames: Sequence[bytes], limit: int = BLOCK_BYTES) -> list[list[int]]:
    """Positions of ``frames`` grouped, in order, into runs of at most ``limit`` bytes.

    A frame larger than that stands alone: a frame is never cut.
    """
    runs: list[list[int]] = []
    size = limit + 1
    for position, frame in enumerate(frames):
        if size + len(frame) > limit:
            runs.append([])
            size = 0
        runs[-1].append(position)
        size += len(frame)
    return runs
