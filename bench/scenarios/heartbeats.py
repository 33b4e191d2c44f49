"""Heartbeats to 10,000 streams: their CPU, and how long other traffic waits meanwhile."""

import subprocess
import sys

from bench.crowd import crowd
from bench.messages import bot_names
from bench.peers import ROOT, Peer
from bench.scale import FULL, Scale
from bench.scenarios.scenario import MILLI, Figures, Measure, Scenario
from bench.server import running

BOTS = 100


def heartbeats(peer: Peer, scale: Scale) -> Figures:
    bots = bot_names(BOTS)
    period = scale.heartbeat_seconds
    shorter = {} if scale == FULL else {"PULSO_HEARTBEAT_SECONDS": str(period)}
    with running(peer, shorter) as server, crowd(server) as readers:
        readers.open(bots[number % BOTS] for number in range(scale.heartbeat_streams))
        readers.settle(1)
        # The probe costs more than the heartbeats: CPU is counted over a period without it.
        before = server.cpu()
        readers.settle(period)
        cpu = server.cpu() - before
        # A process of its own: what it waits for is the server, not the load's interpreter.
        probe = subprocess.Popen(
            [sys.executable, "-m", "bench.probe", str(server.port), peer.health, str(period)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        while probe.poll() is None:
            readers.settle(0.2)
        stall = float(probe.communicate()[0])
        if readers.dropped:
            raise ConnectionError(f"{readers.dropped} streams were dropped")
        return {"core": cpu / period * 100, "stall": stall * MILLI}


HEARTBEATS = Scenario(
    "heartbeats",
    "Heartbeats to 10,000 streams",
    ("pulso", "original"),
    {
        "core": Measure("Share of a core", "%"),
        "stall": Measure("Longest stall of other traffic", "ms"),
    },
    heartbeats,
)
