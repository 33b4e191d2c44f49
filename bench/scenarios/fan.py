"""One bot, 500 streams: an event at a time, and 32 publishers at once."""

import time

from bench.crowd import Crowd, Run, crowd
from bench.messages import singles
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.scenario import MICRO, Figures, LostDeliveries, Measure, Scenario
from bench.server import Server, running

BOT = "bot-0"
# Faster than this, and what is measured is only how well writes are shared.
PACED_RATE = 40
PUBLISHERS = 32
# What a server does after the last delivery still belongs to its cost.
AFTERMATH_SECONDS = 0.1


def _ready(server: Server, readers: Crowd, streams: int, scale: Scale) -> None:
    readers.open([BOT] * streams)
    readers.settle(0.3)
    readers.deliver(singles(BOT, scale.warm_up_messages, streams))
    readers.settle(0.3)


def _cost(server: Server, run: Run, before: float) -> float:
    time.sleep(AFTERMATH_SECONDS)
    if run.lost:
        raise LostDeliveries(f"{run.lost} of {run.expected} deliveries lost")
    return (server.cpu() - before) / run.got * MICRO


def paced(peer: Peer, scale: Scale) -> Figures:
    with running(peer) as server, crowd(server) as readers:
        _ready(server, readers, scale.fan_streams, scale)
        before = server.cpu()
        run = readers.deliver(
            singles(BOT, scale.paced_messages, scale.fan_streams), rate=PACED_RATE
        )
        return {"cpu": _cost(server, run, before)}


def burst(peer: Peer, scale: Scale) -> Figures:
    with running(peer) as server, crowd(server) as readers:
        _ready(server, readers, scale.fan_streams, scale)
        before = server.cpu()
        run = readers.deliver(
            singles(BOT, scale.burst_messages, scale.fan_streams), publishers=PUBLISHERS
        )
        return {"cpu": _cost(server, run, before), "rate": run.got / run.seconds}


EVERYONE = ("pulso", "original", "nchan", "aiohttp-sse", "sse-starlette", "raw")
CPU = Measure("CPU per delivery", "µs")

PACED = Scenario(
    "paced", "One event at a time (40 a second) to 500 streams", EVERYONE, {"cpu": CPU}, paced
)
BURST = Scenario(
    "burst",
    "32 publishers at once to 500 streams",
    EVERYONE,
    {"cpu": CPU, "rate": Measure("Deliveries a second", "/s")},
    burst,
)
