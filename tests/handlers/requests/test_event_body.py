"""A body of POST /events as typed events."""

import json
from typing import Any

import pytest

from handlers.requests.event_body import read_events
from services.bus.events import BotQr
from services.errors import Invalid, Refusal, TooLarge

GOOD = {"type": "bot:qr", "botId": "b", "qr": "data:image/png,x"}


def refusal(body: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        read_events(body if isinstance(body, bytes) else json.dumps(body).encode())
    return refused.value


def test_one_event_and_an_array_of_one_are_told_apart() -> None:
    event = BotQr(bot_id="b", qr="data:image/png,x")
    assert read_events(json.dumps(GOOD).encode()) == ([event], False)
    assert read_events(b" \r\n\t" + json.dumps([GOOD]).encode()) == ([event], True)


def test_the_first_bad_event_refuses_all() -> None:
    refused = refusal([GOOD, {**GOOD, "qr": 5}, {}])
    assert (refused.status, refused.index, refused.field) == (400, 1, "qr")
    assert (refusal({}).index, refusal({}).field) == (0, "type")


def test_sizes_come_before_contents() -> None:
    large = {**GOOD, "qr": "data:image/png," + "x" * 70_000}
    assert isinstance(refusal([{}, large]), TooLarge)
    assert refusal([{}, large]).index == 1
    assert isinstance(refusal(large), TooLarge)


@pytest.mark.parametrize("body", [b"[]", b"", b"[", b"[,]", b"{}]", b"null", b"\xff"])
def test_what_holds_no_events_is_invalid(body: bytes) -> None:
    assert isinstance(refusal(body), Invalid)


def test_a_thousand_are_taken_and_no_more() -> None:
    assert len(read_events(json.dumps([GOOD] * 1000).encode())[0]) == 1000
    assert isinstance(refusal([GOOD] * 1001), Invalid)
