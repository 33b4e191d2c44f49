"""An event for one of many bots: does it cost more because others are connected?"""

from bench.crowd import crowd
from bench.messages import batches, bot_names
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.scenario import MICRO, Figures, LostDeliveries, Measure, Scenario
from bench.server import running

BATCH = 100
# One batch within each shared write, so that both numbers of bots do the same writes.
RATE = 40
WARM_UP_BATCHES = 10


def _cost(peer: Peer, bots: int, scale: Scale) -> float:
    names = bot_names(bots)
    touched = scale.few_bots
    with running(peer) as server, crowd(server) as readers:
        readers.open(names)
        readers.settle(0.3)
        readers.deliver(batches(names, WARM_UP_BATCHES, BATCH, touched), rate=RATE)
        readers.settle(0.3)
        before = server.cpu()
        run = readers.deliver(batches(names, scale.batches, BATCH, touched), rate=RATE)
        readers.settle(0.1)
        if run.lost:
            raise LostDeliveries(f"{run.lost} of {run.expected} deliveries lost")
        return (server.cpu() - before) / run.got * MICRO


def many_bots(peer: Peer, scale: Scale) -> Figures:
    many, few = _cost(peer, scale.many_bots, scale), _cost(peer, scale.few_bots, scale)
    return {"many": many, "few": few, "ratio": many / few}


MANY_BOTS = Scenario(
    "many-bots",
    "An event for 1 of 5,000 bots with a stream each, in batches of 100",
    ("pulso", "original"),
    {
        "many": Measure("CPU per event, 5,000 bots", "µs"),
        "few": Measure("CPU per event, 50 bots", "µs"),
        "ratio": Measure("5,000 bots against 50", "×"),
    },
    many_bots,
)
