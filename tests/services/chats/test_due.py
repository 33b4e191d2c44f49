"""The bot takes back what a person left; a snooze ends. Found in the rows, by whoever looks."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.assistant.engine import SilentEngine
from services.bus.events import Author
from services.chats.due import Due
from services.chats.session_change import SessionChange
from services.store import sessions
from services.timestamps import to_iso
from tests.domain import Domain

EVA = Author(id="op", name="Eva")
soon = pytest.mark.gen_test(timeout=20)


async def chat(domain: Domain, bot: str, number: int) -> str:
    """A chat of a contact of its own."""
    await domain.phone.message(bot, f"5491100{number}", "Luz", "hola")
    page = await domain.snapshots.page([bot])
    return page.sessions[0].id


async def modes(domain: Domain, *session_ids: str) -> list[Any]:
    found = [(await domain.snapshots.get(one)).session for one in session_ids]
    return [(one.mode, one.state, one.assignee and one.assignee.name) for one in found]


@soon
async def test_what_a_person_left_is_the_bots_again_and_only_that(
    tmp_path: Path, store_url: str
) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), url=store_url) as domain:
        bot = await domain.linked_bot()
        answered, taken, snoozed, resolved, handed, newer = [
            await chat(domain, bot, number) for number in range(6)
        ]
        await domain.inbox.answer(answered, "sí", author=EVA)
        await domain.inbox.change(taken, SessionChange(assignee="op"), EVA)
        await domain.inbox.change(snoozed, SessionChange(assignee="op", state="snoozed"), EVA)
        await domain.inbox.change(resolved, SessionChange(assignee="op", state="resolved"), EVA)
        await domain.outbox.put(handed, "una persona te responde", "bot", hand_over=True)
        await domain.inbox.change(newer, SessionChange(assignee="op"), EVA)
        await domain.ledger.change(
            lambda change: sessions.put(change.connection, newer, person_at=time.time() + 60)
        )
        every = (answered, taken, snoozed, resolved, handed, newer)
        before = await modes(domain, *every)
        never = Due(domain.ledger, 0)
        await never.settle()
        assert await modes(domain, *every) == before
        after = domain.bus.cursor()
        # Two that look at once make one change.
        both = [Due(domain.ledger, 0.000_001) for _ in "ab"]
        await asyncio.gather(*(one.settle() for one in both))
        bots = ("bot", "open", None)
        assert await modes(domain, *every) == [
            bots,
            bots,
            ("human", "snoozed", "Eva"),
            ("bot", "resolved", None),
            ("human", "open", None),
            ("human", "open", "Eva"),
        ]
        events = domain.bus.published("session:updated", after)
        assert {event["session"]["id"] for event in events} == {answered, taken, resolved}
        assert len(events) == 3


@soon
async def test_a_snooze_ends_in_time_also_when_that_was_during_a_stop(
    tmp_path: Path, store_url: str
) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), url=store_url) as domain:
        bot = await domain.linked_bot()
        session = await chat(domain, bot, 1)
        until = time.time() + 0.5
        moment = to_iso(datetime.fromtimestamp(until, UTC))
        wanted = SessionChange(assignee="op", state="snoozed", snoozed_until=moment)
        await domain.inbox.change(session, wanted, EVA)
        await Due(domain.ledger, 60).settle()
        assert await modes(domain, session) == [("human", "snoozed", "Eva")]
    await asyncio.sleep(max(0.0, until - time.time()))
    async with Domain(tmp_path, engine=SilentEngine(), url=store_url) as domain:
        due = Due(domain.ledger, 60)
        due.start()
        await domain.bus.until("session:updated")
        await due.close()
        # Whoever snoozed it has it, with the whole time before the bot takes it back.
        assert await modes(domain, session) == [("human", "open", "Eva")]
        await Due(domain.ledger, 60).settle()
        assert await modes(domain, session) == [("human", "open", "Eva")]
