"""The bus's memory across a clean restart: what comes back, and what is not believed."""

import logging
import os
import stat
import time
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from services.bus import history_file
from services.bus.event_bus import EventBus
from services.bus.events import BotQr
from services.bus.history_file import restore, save
from services.bus.idempotency import IdempotencyKeys


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / history_file.NAME


def a_bus(**options: float) -> EventBus:
    return EventBus(coalesce_ms=0, **options)  # type: ignore[arg-type]


def filled() -> tuple[EventBus, IdempotencyKeys, list[str]]:
    bus, keys = a_bus(), IdempotencyKeys(600)
    ids = bus.publish_all([BotQr(bot_id=f"b{n % 2}", qr=f"qr {n}") for n in range(6)])
    keys.remember("ana", "k", b"body", ids[:1])
    return bus, keys, ids


def test_a_bus_goes_on_as_if_it_had_never_stopped(path: Path) -> None:
    bus, keys, ids = filled()
    save(path, bus, keys)
    again, keys_again = a_bus(), IdempotencyKeys(600)
    assert restore(path, again, keys_again) is True
    assert again.cursor() == bus.cursor()
    with again.subscribe(["b0", "b1"], ids[1]) as reader:
        assert all(start.resumed for start in reader.starts)
        assert [entry.seq for entry in reader.replay.entries] == [3, 4, 5, 6]
        assert [entry.frame for entry in reader.replay.entries if entry.bot_id == "b0"] == [
            entry.frame for entry in bus.history.bots["b0"].entries if entry.seq > 2
        ]
        assert reader.replay.entries[0].key == ("bot:qr", "b0")
    assert keys_again.find("ana", "k", b"body") == ids[:1]
    assert again.publish(BotQr(bot_id="b0", qr="x")) > ids[-1]


def test_a_key_of_a_thousand_events_takes_no_room_in_the_file(path: Path) -> None:
    bus = a_bus(history_events=0)
    ids = bus.publish_all([BotQr(bot_id="b", qr="x")] * 1000)
    keys = IdempotencyKeys(600)
    for number in range(100):
        keys.remember("ana", str(number), b"body", ids)
    save(path, bus, keys)
    assert path.stat().st_size < 100 * 200
    restored = IdempotencyKeys(600)
    restore(path, a_bus(), restored)
    assert restored.find("ana", "99", b"body") == ids


def test_a_file_is_read_once_and_is_its_owners(path: Path) -> None:
    bus, keys, _ = filled()
    save(path, bus, keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]
    assert restore(path, a_bus(), IdempotencyKeys(600))
    assert not path.exists()
    assert restore(path, a_bus(), IdempotencyKeys(600)) is False


def test_what_was_forgotten_is_still_known_to_be(path: Path) -> None:
    bus = a_bus(history_events=2)
    ids = bus.publish_all([BotQr(bot_id="b", qr="x")] * 5)
    save(path, bus, IdempotencyKeys(600))
    again = a_bus(history_events=2)
    restore(path, again, IdempotencyKeys(600))
    with again.subscribe(["b"], ids[1]) as early, again.subscribe(["b"], ids[2]) as late:
        assert early.starts[0].gap == "evicted"
        assert late.starts[0].resumed


def test_a_smaller_bound_counts_for_what_is_taken_up(path: Path) -> None:
    bus, keys, ids = filled()
    save(path, bus, keys)
    again = a_bus(history_events=1)
    restore(path, again, keys)
    with again.subscribe(["b0"], ids[1]) as reader:
        assert reader.starts[0].gap == "evicted"


def test_time_goes_on_while_nobody_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, keys, ids = filled()
    save(path, bus, keys)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    again, keys_again = a_bus(), IdempotencyKeys(600)
    restore(path, again, keys_again)
    with again.subscribe(["b0"], ids[0]) as reader, again.subscribe(["b0"], ids[-1]) as newest:
        assert reader.starts[0].gap == "evicted"
        assert newest.starts[0].resumed
    assert keys_again.find("ana", "k", b"another body") is None


def broken(kind: str, content: bytes) -> bytes:
    body = content[32:]
    match kind:
        case "empty":
            return b""
        case "cut short":
            return content[:-1]
        case "garbage":
            return os.urandom(4096)
        case "one bit":
            return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]
        case "other version":
            saved = msgspec.msgpack.decode(body)
            body = msgspec.msgpack.encode({**saved, "format": 99})
        case "from the future":
            saved = msgspec.msgpack.decode(body)
            body = msgspec.msgpack.encode({**saved, "at": time.time() + 3600})
        case "another shape":
            body = msgspec.msgpack.encode([1, 2, 3])
        case "no time":
            saved = msgspec.msgpack.decode(body)
            body = msgspec.msgpack.encode({**saved, "at": "yesterday"})
    return sha256(body).digest() + body


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "cut short",
        "garbage",
        "one bit",
        "other version",
        "from the future",
        "another shape",
        "no time",
    ],
)
def test_what_is_broken_is_ignored_with_one_line_and_gone(
    path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    bus, keys, _ = filled()
    save(path, bus, keys)
    path.write_bytes(broken(kind, path.read_bytes()))
    again = a_bus()
    before = again.cursor()
    with caplog.at_level(logging.WARNING):
        assert restore(path, again, IdempotencyKeys(600)) is False
    assert [record.name for record in caplog.records] == ["pulso.history"]
    assert again.cursor() == before
    assert not path.exists()


def test_what_is_too_large_is_not_even_read(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, keys, _ = filled()
    save(path, bus, keys)
    monkeypatch.setattr(history_file, "MAX_BYTES", 10)
    assert restore(path, a_bus(), IdempotencyKeys(600)) is False
    assert len(caplog.records) == 1
    assert not path.exists()


def test_what_was_saved_beside_another_store_is_ignored(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bus, keys, ids = filled()
    save(path, bus, keys, "store-7")
    again = a_bus()
    assert restore(path, again, IdempotencyKeys(600), "store-8") is False
    assert "another state of the store" in caplog.text
    with again.subscribe(["b0"], ids[1]) as reader:
        assert reader.starts[0].gap == "restarted"
