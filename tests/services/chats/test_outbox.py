"""What goes out, whatever stands in its way."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.assistant.engine import SilentEngine
from services.chats import outbox
from services.errors import Conflict, Unavailable
from services.whatsapp.gateway import SendFailed
from services.whatsapp.simulated.gateway import SimulatedGateway
from tests.domain import SPEED, Domain

CONTACT = "5491155550000"
soon = pytest.mark.gen_test(timeout=20)


async def first_session(domain: Domain) -> str:
    return (await domain.bus.until("session:created"))["session"]["id"]


@soon
async def test_refuses_an_answer_on_a_bot_that_is_not_connected(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        await domain.bots.disconnect(bot)
        await domain.bus.until("bot:disconnected")
        with pytest.raises(Conflict):
            await domain.inbox.answer(session, "sí")
        assert domain.bus.published("message:sent") == []


class DeafGateway(SimulatedGateway):
    """Takes no message, until it is told to."""

    refuses = True

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str, *_: Any) -> None:
        if self.refuses:
            raise SendFailed("WhatsApp refused the message")
        await super().send(bot_id, chat_id, message_id, text)


@soon
async def test_a_message_that_does_not_go_out_is_told_and_stored_as_failed(
    tmp_path: Path,
) -> None:
    deaf = DeafGateway(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=deaf) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        message_id = await domain.inbox.answer(session, "sí")
        failed = await domain.bus.until("message:failed")
        assert (failed["messageId"], failed["reason"]) == (
            message_id,
            "WhatsApp refused the message",
        )
        stored = (await domain.snapshots.messages(session)).messages[-1]
        assert stored.failed == "WhatsApp refused the message"
        # Sent once more under its id, by a WhatsApp that takes it now.
        deaf.refuses = False
        await domain.inbox.retry(session, message_id)
        updated = await domain.bus.until("message:updated")
        assert (updated["message"]["id"], updated["message"]["failed"]) == (message_id, None)
        await domain.bus.until("message:ack", messageId=message_id, ack="read")
        with pytest.raises(Conflict):
            await domain.inbox.retry(session, message_id)


class StuckGateway(SimulatedGateway):
    """Never gets a message out, as where the process dies between store and send."""

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str, *_: Any) -> None:
        await asyncio.Event().wait()


@soon
async def test_what_a_crash_left_pending_goes_out_after_the_restart(tmp_path: Path) -> None:
    stuck = StuckGateway(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=stuck) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        ids = [await domain.inbox.answer(session, text) for text in ("uno", "dos")]
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        for message_id in ids:
            await domain.bus.until("message:ack", messageId=message_id, ack="server")
        assert domain.bus.published("message:sent") == []
        stored = (await domain.snapshots.messages(session)).messages
        assert [message.id for message in stored[1:]] == ids


@soon
async def test_what_waits_behind_a_failed_message_goes_out_though_the_store_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "STORE_PAUSE_SECONDS", 0.02)

    class FirstFails(SimulatedGateway):
        """Refuses one message, and sends the others."""

        refused = False

        async def send(
            self, bot_id: str, chat_id: str, message_id: str, text: str, *_: Any
        ) -> None:
            if not self.refused:
                self.refused = True
                monkeypatch.setattr(ledger, "change", away)
                raise SendFailed("refused")
            await super().send(bot_id, chat_id, message_id, text)

    phone = FirstFails(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=phone) as domain:
        ledger, change, attempts = domain.ledger, domain.ledger.change, 0

        async def away(function: Any, **whose: Any) -> Any:
            nonlocal attempts
            attempts += 1
            if attempts < 4:
                raise Unavailable("locked")
            return await change(function, **whose)

        bot = await domain.linked_bot()
        domain.phone.message(bot, CONTACT, "Luz", "hola")
        session = await first_session(domain)
        first, second = await asyncio.gather(
            *(domain.inbox.answer(session, text) for text in ("uno", "dos"))
        )
        await domain.bus.until("message:failed", messageId=first)
        await domain.bus.until("message:ack", messageId=second, ack="server")
        assert attempts >= 4
