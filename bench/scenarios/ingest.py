"""Customers write: messages to eight bots stored, published, and received by a stream each.

Three ways: straight into the gateway's sink, as fast as it takes them; beside it the same
statements through ``sqlite3`` alone; and as a user, by 32 clients of the simulated phone's call.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.crowd import Crowd, crowd
from bench.measuring import cores
from bench.peers import Peer
from bench.peers.peer import ROOT
from bench.phone import CONTACTS, Phone, call, linked_bots, written
from bench.scale import Scale
from bench.scenarios.scenario import MILLI, Figures, LostDeliveries, Measure, Scenario
from bench.server import Server, running

BOTS = 8
CLIENTS = 32


class Flooded(Phone):
    def __init__(self, each: int) -> None:
        self._each = each

    def command(self, port: int, folder: Path) -> list[str]:
        return [sys.executable, "-m", "bench.flood"]

    def environment(self, port: int, folder: Path) -> dict[str, str]:
        return {**super().environment(port, folder), "BENCH_FLOOD": str(self._each)}


def ingest(peer: Peer, scale: Scale) -> Figures:
    each = scale.ingest_messages // BOTS
    with tempfile.TemporaryDirectory(prefix="pulso-bench-") as kept:
        with running(Flooded(each), folder=Path(kept)) as server, crowd(server) as readers:
            seconds, cpu = flooded(server, readers, each)
        floor_seconds, floor_cpu = _floor(Path(kept) / "data" / "pulso.db", each * BOTS)
    return {
        "rate": each * BOTS / seconds,
        "cpu": cpu / (each * BOTS) * MILLI,
        "floor_rate": each * BOTS / floor_seconds,
        "floor_cpu": floor_cpu / (each * BOTS) * MILLI,
        "ratio": cpu / floor_cpu,
        **_by_phone(each),
    }


def flooded(server: Server, readers: Crowd, each: int) -> tuple[float, float]:
    """Seconds until every stream has all of its bot's messages, and the server's CPU seconds."""
    bots = linked_bots(server, BOTS)
    readers.open(bots)
    os.kill(server.pid, signal.SIGUSR1)
    while any(_chats(server, bot) < CONTACTS for bot in bots):
        readers.settle(0.1)
    cpu, begin = server.cpu(), time.perf_counter()
    os.kill(server.pid, signal.SIGUSR2)
    if lost := readers.wait(each):
        raise LostDeliveries(f"{lost} of {each * BOTS} messages did not arrive")
    return time.perf_counter() - begin, server.cpu() - cpu


def _chats(server: Server, bot: str) -> int:
    return len(call(server, "GET", f"/api/sessions?botId={bot}")["sessions"])


def _floor(path: Path, messages: int) -> tuple[float, float]:
    server_core, _ = cores()
    command = ["taskset", "-c", str(server_core), sys.executable, "-m", "bench.floor"]
    done = subprocess.run(
        [*command, str(path), str(messages)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    seconds, cpu = done.stdout.split()
    return float(seconds), float(cpu)


def _by_phone(each: int) -> Figures:
    """Seconds from the first request until all messages are stored and received, and their CPU."""
    with running(Phone()) as server, crowd(server) as readers:
        bots = linked_bots(server, BOTS)
        readers.open(bots)
        chats = (written(bot, number) for number in range(CONTACTS) for bot in bots)
        readers.deliver(chats, publishers=CLIENTS)
        posts = (written(bot, number) for number in range(each) for bot in bots)
        before = server.cpu()
        run = readers.deliver(posts, publishers=CLIENTS)
        if run.lost:
            raise LostDeliveries(f"{run.lost} of {run.expected} messages did not arrive")
        cpu = (server.cpu() - before) / run.got * MILLI
        return {"phone": run.seconds, "phone_cpu": cpu}


INGEST = Scenario(
    "ingest",
    "3,000 messages of customers to 8 bots, stored, published, and received by a stream a bot",
    ("pulso",),
    {
        "rate": Measure("From the gateway: messages a second", "/s"),
        "cpu": Measure("From the gateway: CPU per message", "ms"),
        "floor_rate": Measure("The floor, sqlite3 alone: messages a second", "/s"),
        "floor_cpu": Measure("The floor, sqlite3 alone: CPU per message", "ms"),
        "ratio": Measure("CPU against the floor", "×"),
        "phone": Measure("By 32 clients of the phone's call: all stored and received", "s"),
        "phone_cpu": Measure("By 32 clients of the phone's call: CPU per message", "ms"),
    },
    ingest,
)
