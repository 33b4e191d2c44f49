"""A parent that doesn't read, or can't store: WhatsApp waits, and all comes once and in order."""

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from services.assistant.engine import SilentEngine
from services.whatsapp.baileys.child import SCRIPT
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Acked, Connected, GatewayEvent, MessageArrived
from tests.domain import Domain
from tests.services.whatsapp.heard import Heard

BURST = 2000
ANSWERS = 20
OUTBOX = 500  # what the process gives before it hears that any of it is stored


def block(seconds: float) -> None:
    """The loop stands still: nothing is read from the process."""
    time.sleep(seconds)


@pytest.mark.gen_test(timeout=180)
async def test_a_burst_into_a_blocked_pipe_and_a_kill_lose_no_message_and_no_ack(tmp_path, double):
    user, customer = double.number(), double.number()
    gateway = BaileysGateway(tmp_path, double.url)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=gateway) as domain:
        bot = (await domain.bots.add("Tienda")).id
        await domain.bots.connect(bot)
        shown = await domain.bus.until("bot:qr", botId=bot)
        await double.act("scan", qr=shown["code"], user=user, name="Bot")
        await domain.bus.until("bot:connected", botId=bot)
        who = {"bot": user, "from": customer, "name": "Ana"}
        await double.act("message", **who, text="hola", id="3EB0FIRST")
        session = (await domain.bus.until("message:received"))["sessionId"]
        answers = [await domain.inbox.answer(session, str(n)) for n in range(ANSWERS)]

        burst = asyncio.ensure_future(double.act("burst", **who, count=BURST))
        await asyncio.sleep(0.1)
        block(5)
        os.kill(gateway.child_pid, signal.SIGKILL)
        await burst

        async def stored() -> list[str]:
            before, texts = None, []
            while True:
                page = await domain.snapshots.messages(session, before=before, limit=200)
                texts[:0] = [one.content for one in page.messages if not one.from_me]
                before = page.before
                if before is None:
                    return texts

        wanted = ["hola", *map(str, range(BURST))]

        def is_last(event: dict[str, Any]) -> bool:
            return event["message"]["content"] == wanted[-1]

        await domain.bus.until("message:received", where=is_last)
        assert await stored() == wanted
        announced = domain.bus.published("message:received")
        assert [event["message"]["content"] for event in announced] == wanted
        for message_id in answers:
            await domain.bus.until("message:ack", messageId=message_id, ack="read")
        assert (await double.device(user))["askedAgain"] == []


class Withheld(Heard):
    """A sink whose events are stored when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[bool]] = []
        self.is_open = False

    def __call__(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        super().__call__(event)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append(done)
        if self.is_open:
            done.set_result(True)
        return done

    def store(self) -> None:
        self.is_open = True
        for done in self.waiting:
            if not done.done():
                done.set_result(True)


@pytest.mark.gen_test(timeout=120)
async def test_what_is_not_stored_is_held_back_at_whatsapp(baileys, linked, caplog):
    baileys.heard = Withheld()
    await baileys.gateway.open(baileys.heard)
    await linked(baileys)
    who = {"bot": baileys.user, "from": baileys.customer, "name": "Ana"}
    await baileys.double.act("burst", **who, count=BURST)
    while len(baileys.heard.of(MessageArrived)) < OUTBOX - 10:
        await baileys.heard.until(MessageArrived)
    await asyncio.sleep(3)
    # Of what had been read from the connection when it became full, some more is decrypted.
    assert len(baileys.heard.of(MessageArrived)) < OUTBOX + 400
    assert len((await baileys.double.device(baileys.user))["unreceived"]) > BURST - OUTBOX - 400
    assert "is full: WhatsApp waits" in caplog.text
    baileys.heard.store()
    while len(baileys.heard.of(MessageArrived)) < BURST:
        await baileys.heard.until(MessageArrived)
    texts = [event.text for event in baileys.heard.of(MessageArrived)]
    assert texts == [str(n) for n in range(BURST)]


@pytest.mark.gen_test(timeout=60)
async def test_an_ack_that_was_not_stored_is_told_to_the_next(baileys, online):
    await online(baileys)
    baileys.heard = Withheld()
    await baileys.gateway.open(baileys.heard)
    chat = f"{baileys.customer}@s.whatsapp.net"
    await baileys.gateway.send("b1", chat, "3EB0ASKED", "hola")
    await baileys.heard.until(Acked, message_id="3EB0ASKED", ack="read")
    await baileys.restart()
    baileys.heard.events.clear()
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)
    acks = baileys.heard.of(Acked, message_id="3EB0ASKED")
    assert [event.ack for event in acks] == ["server", "delivered", "read"]


def test_the_last_words_of_the_process_are_not_cut_short(tmp_path: Path, double):
    folder = tmp_path / "b1"
    folder.mkdir()
    kept = [
        {
            "id": f"x-{n}",
            "event": {
                "event": "message",
                "chatId": "1@s.whatsapp.net",
                "altChatId": None,
                "messageId": f"m{n}",
                "fromMe": False,
                "pushName": None,
                "live": False,
                "timestamp": 1,
                "kind": "text",
                "text": "x" * 1000,
                "media": None,
            },
        }
        for n in range(400)
    ]
    (folder / "outbox.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in kept))
    process = subprocess.Popen(
        ["node", str(SCRIPT), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PULSO_BAILEYS_URL": double.url},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"cmd":"open","botId":"b1","reqId":1}\n')
    process.stdin.close()
    block(1)  # the pipe holds 64 KiB of the 460
    lines = [json.loads(line) for line in process.stdout]
    process.stdout.close()
    assert process.wait(10) == 0
    assert [one["entry"] for one in lines if one["event"] == "kept"] == [one["id"] for one in kept]
    assert {"event": "result", "reqId": 1, "ok": True} in lines
