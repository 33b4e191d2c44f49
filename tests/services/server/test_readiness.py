"""Readiness: each thing that must work, and what is said when it does not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.bus.event_bus import EventBus
from services.server import readiness
from services.server.readiness import Readiness
from services.store import Database
from services.streams.registry import Streams


class Silent(EventBus):
    """A bus that carries nothing."""

    def _flush(self) -> None:
        self._pending.clear()


async def checked(tmp_path: Path, bus: EventBus, **given: Any) -> dict[str, Any]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/pulso.db")
    streams = Streams(bus)
    streams.draining = given.get("draining", False)
    if given.get("store", True):
        await database.open()
    try:
        return await Readiness(bus, database, streams).check()
    finally:
        await database.close()


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
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/pulso.db")
    await database.open()
    ready = Readiness(bus, database, Streams(bus))
    found = await asyncio.gather(*(ready.check() for _ in range(30)))
    assert all(one["ready"] for one in found)
    await database.close()
