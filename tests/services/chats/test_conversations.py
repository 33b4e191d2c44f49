"""Every message stored once, announced once, in order."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from services.assistant.engine import Answer, EngineFailed, SilentEngine, Turn
from services.chats import outbox
from services.errors import Conflict, Invalid, NotFound, Unavailable
from services.whatsapp.gateway import Acked, MessageArrived, SendFailed
from services.whatsapp.simulated import line
from services.whatsapp.simulated.gateway import SimulatedGateway
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
        message_id = await domain.conversations.answer(session, "¿Sí?\n")
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
        message_id = await domain.conversations.answer(session, "sí")
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
async def test_refuses_an_answer_on_a_bot_that_is_not_connected(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        await domain.bots.disconnect(bot)
        await domain.bus.until("bot:disconnected")
        with pytest.raises(Conflict):
            await domain.conversations.answer(session, "sí")
        assert domain.bus.published("message:sent") == []


class DeafGateway(SimulatedGateway):
    """Takes no message."""

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str) -> None:
        raise SendFailed("WhatsApp refused the message")


@soon
async def test_a_message_that_does_not_go_out_is_told_and_stored_as_failed(
    tmp_path: Path,
) -> None:
    deaf = DeafGateway(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=deaf) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        message_id = await domain.conversations.answer(session, "sí")
        failed = await domain.bus.until("message:failed")
        assert (failed["messageId"], failed["reason"]) == (
            message_id,
            "WhatsApp refused the message",
        )
        stored = (await domain.snapshots.messages(session)).messages[-1]
        assert stored.failed == "WhatsApp refused the message"


class StuckGateway(SimulatedGateway):
    """Never gets a message out, as where the process dies between store and send."""

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str) -> None:
        await asyncio.Event().wait()


@soon
async def test_what_a_crash_left_pending_goes_out_after_the_restart(tmp_path: Path) -> None:
    stuck = StuckGateway(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=stuck) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        ids = [await domain.conversations.answer(session, text) for text in ("uno", "dos")]
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        for message_id in ids:
            await domain.bus.until("message:ack", messageId=message_id, ack="server")
        assert domain.bus.published("message:sent") == []
        stored = (await domain.snapshots.messages(session)).messages
        assert [message.id for message in stored[1:]] == ids


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
        assert (await domain.conversations.read(session)).unread == 0
        assert (await domain.conversations.read(session)).unread == 0
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
async def test_pages_go_back_to_the_first_message_without_a_hole(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for n in range(7):
            domain.phone.message(bot, CONTACT, "Luz", str(n))
        await domain.settled()
        session = await first_session(domain)
        seen: list[str] = []
        before = None
        while True:
            page = await domain.snapshots.messages(session, before=before, limit=3)
            seen = [message.content for message in page.messages] + seen
            before = page.before
            if before is None:
                break
        assert seen == list("0123456")


@soon
async def test_sessions_come_newest_activity_first_in_pages_and_by_search(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for n, name in enumerate(("Ana", "Bea", "Cyn")):
            domain.phone.message(bot, f"54911000{n}", name, f"100% {name}")
        domain.phone.message(bot, "549110000", "Ana", "otra vez")
        await domain.settled()
        first = await domain.snapshots.page([bot], limit=2)
        assert [session.name for session in first.sessions] == ["Ana", "Cyn"]
        rest = await domain.snapshots.page([bot], limit=2, before=first.before)
        assert ([session.name for session in rest.sessions], rest.before) == (["Bea"], None)
        for search, names in (("bea", ["Bea"]), ("0% c", ["Cyn"]), ("_", []), ("0002", ["Cyn"])):
            found = await domain.snapshots.page([bot], search=search)
            assert [session.name for session in found.sessions] == names


@soon
async def test_a_place_that_is_no_place_is_refused(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        for before in ("", "-1", "1.5", "٣", "9" * 30):
            with pytest.raises(Invalid) as refused:
                await domain.snapshots.page(["b"], before=before)
            assert refused.value.field == "before"
        with pytest.raises(NotFound):
            await domain.snapshots.messages("ses-unknown")


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
                await domain.conversations.answer(session, "yo")
            case "mode":
                await domain.conversations.set_mode(session, "human")
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
        updated = await domain.bus.until("session:updated")
        assert updated["session"]["mode"] == "human"


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
async def test_what_waits_behind_a_failed_message_goes_out_though_the_store_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "STORE_PAUSE_SECONDS", 0.02)

    class FirstFails(SimulatedGateway):
        """Refuses one message, and sends the others."""

        refused = False

        async def send(self, bot_id: str, chat_id: str, message_id: str, text: str) -> None:
            if not self.refused:
                self.refused = True
                monkeypatch.setattr(ledger, "change", away)
                raise SendFailed("refused")
            await super().send(bot_id, chat_id, message_id, text)

    phone = FirstFails(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=phone) as domain:
        ledger, change, attempts = domain.ledger, domain.ledger.change, 0

        async def away(function: Any) -> Any:
            nonlocal attempts
            attempts += 1
            if attempts < 4:
                raise Unavailable("locked")
            return await change(function)

        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        first, second = await asyncio.gather(
            *(domain.conversations.answer(session, text) for text in ("uno", "dos"))
        )
        await domain.bus.until("message:failed", messageId=first)
        await domain.bus.until("message:ack", messageId=second, ack="server")
        assert attempts >= 4


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


@soon
async def test_a_search_says_which_message_it_found(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for contact, name, text in (("1", "Luz", "mi pedido"), ("2", "Pedido", "hola")):
            await domain.phone.message(bot, contact, name, text, message_id=f"M{contact}")
        page = await domain.snapshots.page([bot], search="PEDIDO")
        assert [session.name for session in page.sessions] == ["Pedido", "Luz"]
        assert [(match.id, match.session_id) for match in page.matches] == [
            ("M1", page.sessions[1].id)
        ]
        assert (await domain.snapshots.page([bot])).matches == []
