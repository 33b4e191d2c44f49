"""A process of several that dies, or whose connection does: its events are published."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from services.bus.publisher import Row
from services.store.shared_ledger import WRITERS
from tests.domain import RowJournal
from tests.services.store.ledgers import (
    adding_session,
    counting,
    expected,
    left,
    nothing_left,
    opened,
    published,
    saying,
    soon,
    states,
    with_bots,
)

_DYING = """
import asyncio, sys
from services.store.database import Database
from services.store.shared_ledger import WRITERS, SharedLedger
from tests.domain import RowJournal
from tests.services.store.ledgers import counting

async def run():
    ledger = SharedLedger(Database(sys.argv[1], writers=WRITERS), RowJournal(), "doomed")
    await ledger.open()
    for _ in range(3):
        await ledger.change(counting("a"), bot="a")

asyncio.run(run())
"""


async def die(url: str, **environment: str) -> int:
    """How a process ends that makes three changes of the bot."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DYING, url, env={**os.environ, **environment}
    )
    return await child.wait()


@soon
async def test_a_process_killed_between_commit_and_publication_loses_nothing(url: str) -> None:
    bus = RowJournal()
    async with opened(url, bus) as one:
        await with_bots(one, "a")
        assert await die(url, PULSO_TEST_DIE_BEFORE_PUBLISH="1b") == -signal.SIGKILL
        assert await one.read(left) == 2
        await published(bus, "a", "1b")
        # Before whatever comes later, also where that comes first.
        assert await die(url, PULSO_TEST_DIE_BEFORE_PUBLISH="2b") == -signal.SIGKILL
        assert await one.change(counting("a"), bot="a") == 3
        assert states(bus, "a") == expected(3)
        await nothing_left(one)


@soon
async def test_a_lock_goes_with_its_connection_and_what_it_held_back_is_published_once(
    url: str,
) -> None:
    """A process that is frozen, or cut off, between commit and publication."""
    going, free = asyncio.Event(), asyncio.Event()

    class Frozen(RowJournal):
        async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
            going.set()
            await free.wait()
            return await bus.publish_rows(rows)

    bus = RowJournal()
    async with opened(url, Frozen(), "frozen") as frozen, opened(url, bus) as other:
        await with_bots(other, "a", "b")
        for n in range(2 * WRITERS):
            await other.change(adding_session("a", f"s{n}"), bot="a")
            await other.change(saying("a"), session=f"s{n}")
        late = asyncio.ensure_future(frozen.change(counting("a"), bot="a"))
        await going.wait()
        # Another bot waits for nothing.
        assert await other.change(counting("b"), bot="b") == 1
        # Nor for however many sessions of this one.
        known = [f"s{n}" for n in range(2 * WRITERS)]
        waiting = [asyncio.ensure_future(other.change(saying("a"), session=s)) for s in known]
        assert await other.change(counting("b"), bot="b") == 2
        assert not any(one.done() for one in waiting)
        # This one does, no longer than the server leaves the lock where it is.
        assert await other.change(counting("a"), bot="a") == 2
        await asyncio.gather(*waiting)
        assert [state for state in states(bus, "a") if state != "x"] == expected(2)
        free.set()
        assert await late == 1
        assert await frozen.change(counting("a"), bot="a") == 3
        assert [state for state in states(bus, "a") if state != "x"] == expected(3)
