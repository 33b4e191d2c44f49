"""Retries: which are the same, and for how long."""

import msgspec
import pytest

from services.bus.event_bus import EventBus
from services.bus.events import BotConnecting
from services.bus.idempotency import IdempotencyKeys
from services.errors import Conflict


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_key_answers_its_sub_and_body_only() -> None:
    keys = IdempotencyKeys(60)
    keys.remember("ana", "k", b"body", ["1"])
    assert keys.find("ana", "k", b"body") == ["1"]
    assert keys.find("eva", "k", b"body") is None
    assert keys.find("ana", "k2", b"body") is None
    with pytest.raises(Conflict):
        keys.find("ana", "k", b"body ")


def test_a_key_of_a_thousand_events_is_as_small_as_one_of_one() -> None:
    keys = IdempotencyKeys(60)
    ids = EventBus(coalesce_ms=0).publish_all([BotConnecting(bot_id="b")] * 1000)
    keys.remember("ana", "one", b"", ids[:1])
    keys.remember("ana", "many", b"", ids)
    assert keys.find("ana", "one", b"") == ids[:1]
    assert keys.find("ana", "many", b"") == ids
    one, many = (len(msgspec.msgpack.encode(answer)) for answer in keys.answers.values())
    assert many - one <= 2


def test_a_key_counts_within_the_window_and_no_longer() -> None:
    clock = Clock()
    keys = IdempotencyKeys(60, clock)
    keys.remember("ana", "k", b"body", ["1"])
    clock.now += 60
    assert keys.find("ana", "k", b"body") == ["1"]
    clock.now += 1
    assert keys.find("ana", "k", b"other") is None
    assert keys.answers == {}


def test_keys_are_bounded_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.bus.idempotency.MAX_KEYS", 3)
    keys = IdempotencyKeys(60)
    for number in range(5):
        keys.remember("ana", str(number), b"", [str(number)])
    assert keys.find("ana", "4", b"") == ["4"]
    assert [key for _, key in keys.answers] == ["2", "3", "4"]
