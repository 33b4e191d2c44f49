"""Every message stored once, announced once, in order."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from services.assistant.engine import SilentEngine
from services.errors import Conflict
from services.whatsapp.gateway import Acked, MessageArrived
from services.whatsapp.simulated import line
from tests.domain import SPEED, Domain

CONTACT = "5491155550000"
soon = pytest.mark.gen_test(timeout=20)


async def first_session(domain: Domain) -> str:
    return (await domain.bus.until("session:created"))["session"]["id"]


@soon
async def test_announces_the_session_before_its_first_message(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        after = domain.bus.cursor()
        domain.phone.message(bot, CONTACT, "Luz", "hola", message_id="M1")
        received = await domain.bus.until("message:received", after)
        assert domain.bus.types(after) == ["session:created", "message:received"]
        session = domain.bus.published("session:created")[0]["session"]
        assert session["contact"] == f"{CONTACT}@s.whatsapp.net"
        assert (session["name"], session["mode"], session["unread"]) == ("Luz", "bot", 0)
        assert received["sessionId"] == session["id"]
        assert received["message"]["fromMe"] is False
        assert (received["message"]["id"], received["message"]["content"]) == ("M1", "hola")


@soon
async def test_stores_and_announces_a_redelivered_message_once(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for _ in range(3):
            domain.phone.message(bot, CONTACT, "Luz", "hola", message_id="M1")
        await domain.settled()
        assert len(domain.bus.published("message:received")) == 1
        page = await domain.snapshots.page([bot])
        assert [session.unread for session in page.sessions] == [1]
        stored = await domain.snapshots.messages(page.sessions[0].id)
        assert [message.id for message in stored.messages] == ["M1"]


@soon
async def test_a_customer_under_two_addresses_has_one_session(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        arrivals = (("1@lid", "1@s.whatsapp.net"), ("1@s.whatsapp.net", None), ("1@lid", None))
        for n, (chat, other) in enumerate(arrivals):
            domain.intake.feed(
                MessageArrived(
                    bot_id=bot,
                    chat_id=chat,
                    alt_chat_id=other,
                    message_id=f"M{n}",
                    text="hola",
                    timestamp=1_795_000_000.0 + n,
                )
            )
        await domain.settled()
        assert len(domain.bus.published("session:created")) == 1
        assert len(domain.bus.published("message:received")) == 3


@soon
async def test_an_operators_answer_takes_the_chat_over_and_is_not_announced_again(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        message_id = await domain.inbox.answer(session, "¿Sí?\n")
        assert message_id.startswith("3EB0") and len(message_id) == 22
        await domain.bus.until("message:ack", messageId=message_id, ack="read")
        await domain.settled()
        [sent] = domain.bus.published("message:sent")
        assert (sent["messageId"], sent["origin"], sent["content"]) == (
            message_id,
            "operator",
            "¿Sí?\n",
        )
        acks = [event["ack"] for event in domain.bus.published("message:ack")]
        assert acks == ["server", "delivered", "read"]
        assert domain.bus.published("session:updated")[-1]["session"]["mode"] == "human"
        stored = (await domain.snapshots.messages(session)).messages[-1]
        assert (stored.id, stored.ack, stored.origin) == (message_id, "read", "operator")


@soon
async def test_what_is_typed_on_the_phone_is_sent_by_the_phone_and_takes_over(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        after = domain.bus.cursor()
        domain.phone.message(bot, CONTACT, None, "soy yo", from_me=True)
        sent = await domain.bus.until("message:sent")
        await domain.settled()
        assert sent["origin"] == "phone"
        assert domain.bus.types(after) == ["session:created", "message:sent", "session:updated"]
        assert domain.bus.published("session:updated")[0]["session"]["mode"] == "human"
        assert domain.bus.published("session:created")[0]["session"]["name"] is None


@soon
async def test_acks_only_move_forward(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), speed=SPEED) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        message_id = await domain.inbox.answer(session, "sí")
        await domain.bus.until("message:ack", ack="read")
        for ack in ("delivered", "server", "played", "read"):
            domain.intake.feed(Acked(bot_id=bot, message_id=message_id, ack=ack))
        await domain.settled()
        acks = [event["ack"] for event in domain.bus.published("message:ack")]
        assert acks == ["server", "delivered", "read", "played"]


@soon
async def test_an_ack_of_nobodys_message_is_nothing(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        after = domain.bus.cursor()
        domain.intake.feed(Acked(bot_id=bot, message_id="never sent", ack="read"))
        await domain.settled()
        assert domain.bus.types(after) == []


@soon
async def test_nothing_is_announced_when_the_commit_fails(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        after = domain.bus.cursor()
        with sqlite3.connect(domain.file) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON messages"
                " BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        other.close()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        await domain.settled()
        assert domain.bus.types(after) == []
        assert (await domain.snapshots.page([bot])).sessions == []


@soon
async def test_an_event_that_fails_does_not_stop_the_next(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "mal", message_id="with\ncontrol")
        domain.phone.message(bot, CONTACT, "Luz", "bien")
        received = await domain.bus.until("message:received")
        assert received["message"]["content"] == "bien"


@soon
async def test_reading_clears_the_count_and_says_so_once(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for text in ("uno", "dos"):
            domain.phone.message(bot, CONTACT, "Luz", text)
        await domain.settled()
        session = await first_session(domain)
        assert (await domain.snapshots.get(session)).session.unread == 2
        assert (await domain.inbox.read(session)).unread == 0
        assert (await domain.inbox.read(session)).unread == 0
        assert [e["session"]["unread"] for e in domain.bus.published("session:updated")] == [0]


@soon
async def test_typing_of_a_known_contact_is_told(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.typing_of(bot, CONTACT, "composing")
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        domain.phone.typing_of(bot, CONTACT, "paused")
        typing = await domain.bus.until("chat:typing", who="contact")
        assert typing["state"] == "paused"


@soon
async def test_what_arrives_during_the_shutdown_is_kept_and_begins_nothing(
    tmp_path: Path,
) -> None:
    before = asyncio.all_tasks()
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        for n in range(5):
            domain.phone.message(bot, f"54911{n}", "Luz", "hola")
    assert asyncio.all_tasks() == before
    async with Domain(tmp_path) as domain:
        assert len((await domain.snapshots.page([bot])).sessions) == 5


@soon
async def test_what_comes_while_the_bot_is_away_outlives_a_restart(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        await domain.bots.disconnect(bot)
        assert await domain.phone.message(bot, CONTACT, "Luz", "hola", message_id="M1")
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        await domain.bots.connect(bot)
        received = await domain.bus.until("message:received")
        assert (received["message"]["id"], received["message"]["content"]) == ("M1", "hola")
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        await domain.bus.until("bot:connected")
        await domain.settled()
        assert domain.bus.published("message:received") == []


@soon
async def test_whatsapp_keeps_so_many_messages_and_refuses_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "MOST_HELD", 3)
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        await domain.bots.disconnect(bot)
        for n in range(3):
            domain.phone.message(bot, CONTACT, "Luz", str(n))
        with pytest.raises(Conflict):
            domain.phone.message(bot, CONTACT, "Luz", "one too many")
        await domain.bots.connect(bot)
        await domain.bus.until("bot:connected", str(len(domain.bus.events)))
        await domain.settled()
        received = domain.bus.published("message:received")
        assert [event["message"]["content"] for event in received] == ["0", "1", "2"]
