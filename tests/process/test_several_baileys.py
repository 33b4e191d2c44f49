"""A linked bot over real processes: who holds it freezes, dies, drains; WhatsApp is the double.

One login at a time, no key turned back (a phone asks again for what it can't read), each message
once.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import MISSING, PROGRAMS
from tests.process.several import Several, several
from tests.redis_server import PROGRAM
from tests.running import RunningPulso, eventually
from tests.services.whatsapp.conftest import missing
from tests.services.whatsapp.world import Double

pytestmark = pytest.mark.skipif(
    not (PROGRAMS and PROGRAM) or missing() is not None,
    reason=f"{MISSING}, or redis-server or Node or its packages aren't",
)
SECONDS = 30


class Bot:
    """A bot of ``processes``, its phone and a customer's."""

    def __init__(self, processes: Several, double: Double) -> None:
        self.double = double
        self.user, self.customer = double.number(), double.number()
        self.process = processes.start()
        self.id = self.ask("POST", "/api/bots", {"name": "Tienda"})["id"]
        self.stream = self.process.stream(self.id)
        self.ask("POST", f"/api/bots/{self.id}/connect", {})
        qr = self.stream.until("bot:qr", SECONDS)[-1].json["code"]
        double.act_now("scan", qr=qr, user=self.user, name="Bot")
        self.stream.until("bot:connected", SECONDS)
        self.sent: list[str] = []
        self.heard: list[str] = []

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        token = self.process.token("boss", admin=True)
        answer = self.process.request(method, path, body, token=token)
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json

    def write(self, text: str) -> None:
        """The customer does, and the bot has it."""
        self.heard.append(text)
        customer = {"from": self.customer, "name": "Luz"}
        self.double.act_now("message", bot=self.user, text=text, id=f"M-{text}", **customer)

    def answer(self, text: str) -> None:
        """An operator does, through a process that need not hold the bot."""
        (session,) = self.ask("GET", f"/api/sessions?botId={self.id}")["sessions"]
        path = f"/api/sessions/{session['id']}/messages"
        self.sent.append(self.ask("POST", path, {"content": text})["id"])

    def is_settled(self) -> bool:
        """Everything written is here, everything answered there: once, and read."""
        inbox = [one["id"] for one in self.double.act_now("state")["inboxes"][self.customer]]
        (session,) = self.ask("GET", f"/api/sessions?botId={self.id}")["sessions"]
        path = f"/api/sessions/{session['id']}/messages"
        messages = self.ask("GET", path)["messages"]
        got = [one["content"] for one in messages if not one["fromMe"]]
        acks = {one["id"]: one["ack"] for one in messages if one["fromMe"]}
        device = self.device()
        return (
            inbox == self.sent
            and got == self.heard
            and acks == dict.fromkeys(self.sent, "read")
            and not device["unreceived"]
        )

    def device(self) -> Any:
        devices = self.double.act_now("state")["devices"]
        return next(device for device in devices if device["user"] == self.user)


@pytest.fixture
def double() -> Iterator[Double]:
    server = Double()
    yield server
    server.close()


def child_of(process: RunningPulso) -> int:
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    (pid,) = map(int, task.read_text().split())
    return pid


def test_a_linked_bot_outlives_every_end_of_its_holder(tmp_path: Path, double: Double) -> None:
    settings = {"PULSO_WHATSAPP": "baileys", "PULSO_BAILEYS_URL": double.url, "PULSO_AI": "off"}
    with several(tmp_path, **settings) as processes:
        bot = Bot(processes, double)
        bot.write("one")
        eventually(lambda: bot.ask("GET", f"/api/sessions?botId={bot.id}")["sessions"], SECONDS)
        bot.answer("uno")
        eventually(bot.is_settled, SECONDS, 0.1)
        assert bot.device()["logins"] == 1

        # Its holder freezes, and its WhatsApp process does not: that stops by itself, in time.
        first, second = bot.process, processes.start()
        bot.process = second
        first.send_signal(signal.SIGSTOP)
        bot.write("two")
        bot.answer("dos")
        eventually(lambda: processes.held(second) == {bot.id}, SECONDS)
        eventually(bot.is_settled, SECONDS, 0.1)
        first.send_signal(signal.SIGCONT)
        bot.write("three")
        bot.answer("tres")
        eventually(bot.is_settled, SECONDS, 0.1)
        assert (bot.device()["logins"], bot.device()["replaced"]) == (2, 0)

        # Both freeze, with the connection open: whoever wakes must not take it back.
        child = child_of(second)
        for pid in (second.pid, child):
            os.kill(pid, signal.SIGSTOP)
        bot.process = first
        bot.write("four")
        eventually(lambda: processes.held(first) == {bot.id}, SECONDS)
        bot.answer("cuatro")
        eventually(bot.is_settled, SECONDS, 0.1)
        for pid in (child, second.pid):
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: "could not be renewed in time" in second.log, SECONDS)
        bot.write("five")
        bot.answer("cinco")
        eventually(bot.is_settled, SECONDS, 0.1)
        assert bot.device()["logins"] == 3

        # Killed, with what it was sending.
        bot.process = second
        bot.answer("seis")
        first.kill()
        bot.write("six")
        eventually(lambda: processes.held(second) == {bot.id}, SECONDS)
        eventually(bot.is_settled, SECONDS, 0.1)

        # A drain: given back at once.
        third = processes.start()
        bot.process = third
        began = time.monotonic()
        second.terminate()
        eventually(lambda: processes.held(third) == {bot.id}, SECONDS)
        # The promise is 2 s; here with whatever else this machine is at.
        assert time.monotonic() - began < 6
        assert second.wait() == 0
        bot.write("seven")
        bot.answer("siete")
        eventually(bot.is_settled, SECONDS, 0.1)
        device = bot.device()
        assert (device["logins"], device["online"], device["askedAgain"]) == (5, True, [])
        # It was never said to be gone: 440 and 401 among it.
        status = bot.ask("GET", f"/api/bots/{bot.id}/status")
        assert status["status"] == "connected" and status["user"]["id"].startswith(bot.user)
