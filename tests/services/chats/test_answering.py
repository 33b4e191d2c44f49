"""The bot's side of a chat."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from services.assistant.engine import Answer, EngineFailed, SilentEngine, Turn
from services.bus.events import Author
from services.chats.session_change import SessionChange
from services.whatsapp.gateway import MessageArrived
from tests.domain import Domain

CONTACT = "5491155550000"
EVA = Author(id="op", name="Eva")
soon = pytest.mark.gen_test(timeout=20)


async def first_session(domain: Domain) -> str:
    return (await domain.bus.until("session:created"))["session"]["id"]


@soon
async def test_the_bot_answers_a_burst_once(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        for text in ("hola", "mi pedido es el", "12345"):
            domain.phone.message(bot, CONTACT, "Luz", text)
        sent = await domain.bus.until("message:sent")
        assert (sent["origin"], "12345" in sent["content"]) == ("bot", True)
        await domain.bus.until("message:ack", messageId=sent["messageId"], ack="read")
        assert len(domain.bus.published("message:sent")) == 1
        states = [event["state"] for event in domain.bus.published("chat:typing")]
        assert states == ["composing", "paused"]


@soon
async def test_the_bot_answers_neither_media_nor_history(tmp_path: Path) -> None:
    class Counting(SilentEngine):
        asked = 0

        async def answer(self, history: Sequence[Turn]) -> Answer | None:
            self.asked += 1
            return None

    engine = Counting()
    async with Domain(tmp_path, engine=engine) as domain:
        bot = await domain.linked_bot()
        kinds: tuple[dict[str, Any], ...] = ({"kind": "image"}, {"live": False})
        for n, kind in enumerate(kinds):
            domain.intake.feed(
                MessageArrived(
                    bot_id=bot,
                    chat_id="1@s.whatsapp.net",
                    message_id=f"M{n}",
                    text="hola",
                    timestamp=1_795_000_000.0,
                    **kind,
                )
            )
        await domain.settled()
        await domain.answering.tasks.settled()
        assert len(domain.bus.published("message:received")) == 2
        assert engine.asked == 0


class SlowEngine(SilentEngine):
    """Thinks until it is told to stop thinking."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.stopped = asyncio.Event()

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        return None


@soon
@pytest.mark.parametrize("how", ["answer", "mode", "phone"])
async def test_a_person_who_takes_over_stops_the_bot(
    tmp_path: Path, how: Literal["answer", "mode", "phone"]
) -> None:
    engine = SlowEngine()
    async with Domain(tmp_path, engine=engine) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        await engine.asked.wait()
        match how:
            case "answer":
                await domain.inbox.answer(session, "yo")
            case "mode":
                await domain.inbox.change(session, SessionChange(mode="human"), EVA)
            case "phone":
                domain.phone.message(bot, CONTACT, None, "yo", from_me=True)
        await engine.stopped.wait()
        await domain.answering.tasks.settled()
        assert [e["origin"] for e in domain.bus.published("message:sent")] != ["bot"]
        assert (await domain.snapshots.get(session)).session.mode == "human"


@soon
async def test_an_engine_that_fails_is_told_to_operators_only(tmp_path: Path) -> None:
    class Failing(SilentEngine):
        async def answer(self, history: Sequence[Turn]) -> Answer | None:
            raise EngineFailed("no credit left")

    async with Domain(tmp_path, engine=Failing()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        await domain.bus.until("chat:typing", state="failed", who="bot")
        assert domain.bus.published("message:sent") == []


@soon
async def test_asking_for_a_person_hands_the_chat_over(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "quiero hablar con una persona")
        await domain.bus.until("message:sent", origin="bot")
        session = (await domain.bus.until("session:updated"))["session"]
        # Nobody has it and somebody shall: that is what operators are alerted by.
        assert (session["mode"], session["assignee"], session["unread"]) == ("human", None, 1)
        assert session["waitingSince"] is not None


@soon
@pytest.mark.parametrize("how", ["restart", "reconnect"])
async def test_what_a_stop_left_unanswered_is_answered_once_when_the_bot_is_back(
    tmp_path: Path, how: str
) -> None:
    slow = SlowEngine()
    async with Domain(tmp_path, engine=slow) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        await slow.asked.wait()
        if how == "reconnect":
            await domain.bots.disconnect(bot)
    async with Domain(tmp_path) as domain:
        if how == "reconnect":
            await domain.bots.connect(bot)
        sent = await domain.bus.until("message:sent", origin="bot")
        await domain.bus.until("message:ack", messageId=sent["messageId"], ack="read")
        domain.phone.drop(bot)
        await domain.bus.until("bot:connected", domain.bus.cursor())
        await domain.settled()
        await domain.answering.tasks.settled()
        assert len(domain.bus.published("message:sent")) == 1


@soon
async def test_what_waited_at_whatsapp_is_answered_unless_it_is_old_or_a_persons(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for contact in ("1", "2"):
            await domain.phone.message(bot, contact, "Luz", "hola")
        page = await domain.snapshots.page([bot])
        taken = next(s.id for s in page.sessions if (s.contact or "").startswith("2"))
        await domain.inbox.change(taken, SessionChange(mode="human"), EVA)
        await domain.bots.disconnect(bot)
        for contact in ("3", "2"):
            domain.phone.message(bot, contact, "Luz", "sigo aquí")
        domain.intake.feed(
            MessageArrived(
                bot_id=bot,
                chat_id="4@s.whatsapp.net",
                message_id="old",
                text="hola",
                timestamp=time.time() - 3600,
                live=False,
            )
        )
        await domain.settled()
    async with Domain(tmp_path) as domain:
        await domain.bots.connect(bot)
        await domain.bus.until("message:received")
        await domain.settled()
        await domain.answering.tasks.settled()
        answered = {event["sessionId"] for event in domain.bus.published("message:sent")}
        page = await domain.snapshots.page([bot])
        contacts = {s.contact for s in page.sessions if s.id in answered}
        assert contacts == {"1@s.whatsapp.net", "3@s.whatsapp.net"}


@soon
async def test_catching_up_can_be_switched_off(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        await domain.phone.message(bot, CONTACT, "Luz", "hola")
    async with Domain(tmp_path) as domain:
        domain.conversations._catch_up = 0
        await domain.bus.until("bot:connected")
        await domain.settled()
        await domain.answering.tasks.settled()
        assert domain.bus.published("message:sent") == []
