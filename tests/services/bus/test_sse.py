"""The bytes of a stream, compared as bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bus.control_events import Closing, Connected, Gap, TokenExpiring
from services.bus.sse import blocks, chunk, control_frame, event_frame, ping_frame
from tests.sse_reader import SSEParser

FRAMES = [
    (event_frame("e-1", b'{"type":"x"}'), b'id: e-1\ndata: {"type":"x"}\n\n'),
    (
        control_frame(Closing(reason="overloaded"), retry_ms=15_000),
        b'retry: 15000\ndata: {"type":"closing","reason":"overloaded"}\n\n',
    ),
    (
        control_frame(
            Connected(bot_id="b1", stream_id="s", resumed=False, heartbeat_seconds=30),
            cursor="e-1",
            retry_ms=250,
        ),
        b'retry: 250\nid: e-1\ndata: {"type":"connected","botId":"b1","streamId":"s",'
        b'"resumed":false,"heartbeatSeconds":30}\n\n',
    ),
    (
        control_frame(Gap(bot_id="b1", reason="evicted", after="e-0"), cursor="e-1"),
        b'id: e-1\ndata: {"type":"gap","botId":"b1","reason":"evicted","after":"e-0"}\n\n',
    ),
    (
        control_frame(Gap(bot_id="b1", reason="unknown", after=None), cursor="e-1", retry_ms=0),
        b'retry: 0\nid: e-1\ndata: {"type":"gap","botId":"b1","reason":"unknown","after":null}\n\n',
    ),
    (
        control_frame(TokenExpiring(stream_id="s", expires_at="2026-01-01T00:00:00.000Z")),
        b'data: {"type":"token:expiring","streamId":"s",'
        b'"expiresAt":"2026-01-01T00:00:00.000Z"}\n\n',
    ),
    (ping_frame("e-1", 1.5), b': ping\nevent: ping\nid: e-1\ndata: {"time":1500}\n\n'),
]


@pytest.mark.parametrize(("made", "expected"), FRAMES)
def test_a_frame_is_these_bytes(made: bytes, expected: bytes) -> None:
    assert made == expected


@pytest.mark.parametrize("frame", [made for made, _ in FRAMES])
def test_a_frame_is_one_event_however_it_is_cut_and_nothing_before_its_last_byte(
    frame: bytes,
) -> None:
    whole = SSEParser().feed(frame)
    assert len(whole) == 1
    parser = SSEParser()
    for byte in frame[:-1]:
        assert parser.feed(bytes([byte])) == []
    assert parser.feed(frame[-1:]) == whole
    assert parser.feed(frame) == whole


@given(st.text(), st.text() | st.none())
def test_no_text_begins_a_field_of_its_own(bot_id: str, after: str | None) -> None:
    gap = Gap(bot_id=bot_id, reason="unknown", after=after)
    [event] = SSEParser().feed(control_frame(gap, cursor="e-1"))
    assert json.loads(event.data) == {
        "type": "gap",
        "botId": bot_id,
        "reason": "unknown",
        "after": after,
    }
    assert (event.id, event.type) == ("e-1", "message")


def test_a_chunk_has_its_length_in_hex() -> None:
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


@given(st.lists(st.integers(1, 40).map(lambda size: b"x" * size)), st.integers(1, 60))
def test_blocks_keep_order_lose_nothing_and_are_as_large_as_can_be(
    frames: list[bytes], limit: int
) -> None:
    runs = blocks(frames, limit)
    assert [position for run in runs for position in run] == list(range(len(frames)))
    sizes = [sum(len(frames[position]) for position in run) for run in runs]
    for run, size in zip(runs, sizes, strict=True):
        assert size <= limit or len(run) == 1
    for size, following in zip(sizes, runs[1:], strict=False):
        assert size + len(frames[following[0]]) > limit
