"""Readiness: each thing that must work, and what is said when it does not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.bus.event_bus import EventBus
from services.server import readiness
from services.server.readiness import Readiness
from services.store import Database
from services.store.local_ledger import LocalLedger
from services.streams.registry import Streams


class Silent(EventBus):
    """A bus that carries nothing."""

    def _flush(self) -> None:
        self._pending.clear()


async def checked(tmp_path: Path, bus: EventBus, **given: Any) -> dict[str, Any]:
    ledger = LocalLedger(Database(f"sqlite:///{tmp_path}/pulso.db"), bus)
    streams = Streams(bus)
    streams.draining = given.get("draining", False)
    if given.get("store", True):
        await ledger.open()
    try:
        return await Readiness(bus, streams, ledger.answers).check()
    finally:
        await ledger.close()


@pytest.mark.gen_test
async def test_ready_when_all_of_it_works(tmp_path: Path) -> None:
    bus = EventBus()
    assert await checked(tmp_path, bus) == {
        "ready": True,
        "bus": True,
        "store": True,
        "draining": False,
    }
    assert bus.subscriptions == 0


@pytest.mark.gen_test
async def test_a_bus_that_carries_nothing_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "SECONDS", 0.05)
    bus = Silent()
    found = await checked(tmp_path, bus)
    assert (found["ready"], found["bus"], found["store"]) == (False, False, True)
    assert bus.subscriptions == 0


@pytest.mark.gen_test
async def test_while_draining_it_is_not_ready(tmp_path: Path) -> None:
    found = await checked(tmp_path, EventBus(), draining=True)
    assert (found["ready"], found["bus"], found["draining"]) == (False, True, True)


@pytest.mark.gen_test
async def test_checks_side_by_side_do_not_disturb_each_other(tmp_path: Path) -> None:
    bus = EventBus()
    ledger = LocalLedger(Database(f"sqlite:///{tmp_path}/pulso.db"), bus)
    await ledger.open()
    ready = Readiness(bus, Streams(bus), ledger.answers)
    found = await asyncio.gather(*(ready.check() for _ in range(30)))
    assert all(one["ready"] for one in found)
    await ledger.close()


@pytest.mark.gen_test
async def test_its_probe_is_no_event() -> None:
    bus = EventBus()
    ready = Readiness(bus, Streams(bus), yes)
    before = bus.cursor()
    assert (await ready.check())["bus"] is True
    assert bus.cursor() == before
    assert not bus.published
    assert not bus.history.bots
    assert not bus.counts["delivered"]
    assert bus.subscriptions == 0


async def yes() -> bool:
    return True


@pytest.mark.gen_test
async def test_a_store_that_hangs_is_waited_for_once_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "SECONDS", 0.05)
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 0.0)
    asked: list[asyncio.Event] = []

    async def answers() -> bool:
        asked.append(asyncio.Event())
        # As what runs on a thread: a cancellation changes nothing.
        await asyncio.shield(asked[-1].wait())
        return True

    bus = EventBus()
    ready = Readiness(bus, Streams(bus), answers)
    for _ in range(3):
        found = await ready.check()
        assert (found["ready"], found["bus"], found["store"]) == (False, True, False)
    assert len(asked) == 1
    asked[0].set()
    await asyncio.sleep(0.02)
    assert (await ready.check())["store"] is False  # it is asked anew, and hangs again
    assert len(asked) == 2
    asked[1].set()


@pytest.mark.gen_test
async def test_the_parts_are_asked_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []

    async def answers() -> bool:
        asked.append(None)
        return len(asked) > 1

    bus = EventBus()
    streams = Streams(bus)
    ready = Readiness(bus, streams, answers)
    found = await asyncio.gather(*(ready.check() for _ in range(30)))
    assert [one["store"] for one in found] == [False] * 30
    assert len(asked) == 1
    streams.draining = True
    assert (await ready.check())["draining"] is True  # that is known without asking
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 0.0)
    assert (await ready.check())["store"] is True
    assert len(asked) == 2


@pytest.mark.gen_test
async def test_what_can_not_be_asked_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    async def answers() -> bool:
        raise RuntimeError("broken")

    bus = EventBus()
    found = await Readiness(bus, Streams(bus), answers).check()
    assert (found["ready"], found["store"]) == (False, False)
    assert "The store can't be asked whether it works" in caplog.text
