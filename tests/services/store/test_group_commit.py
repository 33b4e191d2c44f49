"""Changes that wait are committed together, and each stands or falls alone."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.bus.events import Event
from services.errors import Unavailable
from tests.domain import Journal
from tests.services.store.test_local_ledger import adding, failing, kept, opened


@pytest.mark.gen_test(timeout=20)
async def test_changes_that_wait_are_committed_together_and_published_in_order(
    tmp_path: Path,
) -> None:
    groups: list[int] = []

    class Noting(Journal):
        def publish_all(self, events: Sequence[Event]) -> list[str]:
            groups.append(count_committed(tmp_path))
            return super().publish_all(events)

    bus = Noting()
    async with opened(tmp_path, bus) as ledger:
        found = await asyncio.gather(*(ledger.change(adding(n)) for n in range(50)))
    assert found == list(range(50))
    assert [e.bot_id for e in bus.events] == [f"b{n}" for n in range(50)]
    # The first went alone; what waited meanwhile was there as soon as the second was published.
    assert groups[0] == 1
    assert groups[1] == 50


def count_committed(folder: Path) -> int:
    with sqlite3.connect(folder / "pulso.db") as other:
        found: int = other.execute("SELECT count(*) FROM bots").fetchone()[0]
    other.close()
    return found


@pytest.mark.gen_test(timeout=20)
async def test_a_change_that_fails_in_a_group_undoes_itself_alone(tmp_path: Path) -> None:
    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        found = await asyncio.gather(
            ledger.change(adding(0)),
            ledger.change(adding(1)),
            ledger.change(failing(2)),
            ledger.change(adding(1)),  # a second one of that id: the database refuses it
            ledger.change(adding(3)),
            return_exceptions=True,
        )
        assert [type(one).__name__ for one in found] == [
            "int",
            "int",
            "Conflict",
            "IntegrityError",
            "int",
        ]
        assert await ledger.read(kept) == {"b0", "b1", "b3"}
    assert [e.bot_id for e in bus.events] == ["b0", "b1", "b3"]


@pytest.mark.gen_test(timeout=30)
async def test_a_store_out_of_reach_fails_all_that_waits_in_order(tmp_path: Path) -> None:
    bus = Journal()
    async with opened(tmp_path, bus) as ledger:
        other = sqlite3.connect(tmp_path / "pulso.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        found = await asyncio.gather(
            *(ledger.change(adding(n)) for n in range(100)), return_exceptions=True
        )
        # Not one after the other 5 s each.
        assert time.monotonic() - began < 12
        assert all(isinstance(one, Unavailable) for one in found)
        other.execute("ROLLBACK")
        other.close()
        assert await ledger.change(adding(7)) == 7
    assert [e.bot_id for e in bus.events] == ["b7"]
