"""Many bots for a while, with drops and kills.

    python -m tests.services.whatsapp.baileys.soak --minutes 10

Customers write all the time; connections are dropped and the WhatsApp process is killed at
random, and a bot is unlinked and linked again now and then. At the end every message that
WhatsApp took for delivered is stored once and was announced once, and memory is reported.
"""

import argparse
import collections
import os
import random
import signal
import tempfile
import threading
import time
from pathlib import Path

from tests.running import RunningPulso, eventually, running
from tests.services.whatsapp.world import Double

SETTLE_SECONDS = 60


class Line:
    """One bot, its number, and what its customer has sent."""

    def __init__(self, server: RunningPulso, double: Double, token: str) -> None:
        self.server, self.double, self.token = server, double, token
        self.user, self.customer = double.number(), double.number()
        self.id = self.ask("POST", "/api/bots", {"name": self.user})["id"]
        self.sent: list[str] = []
        self.link()

    def ask(self, method: str, path: str, body: object = None):
        answer = self.server.request(method, path, body, token=self.token)
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json

    @property
    def status(self) -> dict:
        return self.ask("GET", f"/api/bots/{self.id}/status")

    @property
    def connected(self) -> bool:
        return self.status["connected"]

    def link(self) -> None:
        stream = self.server.stream(self.id, token=self.token)
        self.ask("POST", f"/api/bots/{self.id}/connect")
        code = stream.until("bot:qr", timeout=60)[-1].json["code"]
        self.double.act_now("scan", qr=code, user=self.user, name=self.user)
        stream.until("bot:connected", timeout=60)
        stream.close()

    def write(self) -> None:
        message_id = f"3EB0{len(self.sent):06}"
        sender = {"bot": self.user, "from": self.customer, "name": "Ana"}
        self.double.act_now("message", **sender, text="hola", id=message_id)
        self.sent.append(message_id)

    def relink(self) -> None:
        """Unlink where WhatsApp holds nothing back: what it holds is lost with the link."""
        eventually(lambda: not self.held(), SETTLE_SECONDS)
        self.double.act_now("unlink", bot=self.user)
        # Not just disconnected: a bot between two attempts has yet to hear of it.
        eventually(lambda: self.status["user"] is None, SETTLE_SECONDS)
        self.link()

    def held(self) -> list[str]:
        devices = self.double.act_now("state")["devices"]
        return next(one["unreceived"] for one in devices if one["user"] == self.user)

    def stored(self) -> collections.Counter[str]:
        ids: collections.Counter[str] = collections.Counter()
        for session in self.ask("GET", f"/api/sessions?botId={self.id}")["sessions"]:
            before: str | None = ""
            while before is not None:
                path = f"/api/sessions/{session['id']}/messages?limit=200"
                page = self.ask("GET", path + (f"&before={before}" if before else ""))
                ids.update(one["id"] for one in page["messages"] if not one["fromMe"])
                before = page["before"]
        return ids


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def listen(server: RunningPulso, token: str, bots: list[str], told: collections.Counter) -> None:
    """Count announcements until the server ends the stream."""
    stream = server.stream(*bots, token=token)
    while True:
        try:
            event = stream.next(timeout=120).json
        except (AttributeError, EOFError, OSError, TimeoutError):  # closed under us, too
            return
        if event["type"] == "message:received":
            told[event["botId"], event["message"]["id"]] += 1


def soak(server: RunningPulso, double: Double, bots: int, seconds: float) -> None:
    token = server.token("soak", admin=True)
    lines = [Line(server, double, token) for _ in range(bots)]
    told: collections.Counter[tuple[str, str]] = collections.Counter()
    reader = threading.Thread(
        target=listen, args=(server, token, [line.id for line in lines], told), daemon=True
    )
    reader.start()
    time.sleep(1)
    done: collections.Counter[str] = collections.Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line = random.choice(lines)
        what = random.choices(("write", "drop", "kill", "relink"), (300, 4, 1, 1))[0]
        if what == "write":
            line.write()
        elif what == "drop":
            double.act_now("drop", bot=line.user)
        elif what == "kill" and (pids := children(server.pid)):
            os.kill(pids[0], signal.SIGKILL)
        elif what == "relink" and line.connected:
            line.relink()
        done[what] += 1
        time.sleep(random.uniform(0, 0.1))
    eventually(lambda: all(line.connected for line in lines), SETTLE_SECONDS)
    eventually(lambda: not any(line.held() for line in lines), SETTLE_SECONDS)
    for line in lines:
        eventually(lambda line=line: len(line.stored()) == len(line.sent), SETTLE_SECONDS)
        assert line.stored() == collections.Counter(line.sent)
    wanted = {(line.id, message_id): 1 for line in lines for message_id in line.sent}
    eventually(lambda: len(told) == len(wanted), SETTLE_SECONDS)
    assert told == collections.Counter(wanted)
    print(f"{bots} bots, {seconds / 60:.1f} min: {dict(done)}")
    print(f"{len(wanted)} messages, each stored once and announced once")
    print(f"memory: server {megabytes(server.pid):.0f} MB", end=", ")
    print(f"WhatsApp process {sum(map(megabytes, children(server.pid))):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bots", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    double = Double()
    try:
        settings = {"PULSO_WHATSAPP": "baileys", "PULSO_BAILEYS_URL": double.url, "PULSO_AI": "off"}
        with running(Path(tempfile.mkdtemp()) / "data", **settings) as server:
            soak(server, double, options.bots, options.minutes * 60)
    finally:
        double.close()


if __name__ == "__main__":
    main()
