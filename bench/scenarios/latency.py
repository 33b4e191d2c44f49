"""Ten events a second to a thousand streams: how long from the publisher's send to each reader."""

from bench.crowd import crowd
from bench.measuring import percentile
from bench.messages import singles
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.scenario import MILLI, Figures, LostDeliveries, Measure, Scenario
from bench.server import running

BOT = "bot-0"
RATE = 10


def latency(peer: Peer, scale: Scale) -> Figures:
    streams = scale.latency_streams
    with running(peer) as server, crowd(server) as readers:
        readers.open([BOT] * streams)
        readers.settle(0.3)
        readers.deliver(singles(BOT, scale.warm_up_messages, streams))
        readers.settle(0.3)
        run = readers.deliver(singles(BOT, scale.latency_messages, streams), rate=RATE)
        if run.lost:
            raise LostDeliveries(f"{run.lost} of {run.expected} deliveries lost")
        return {
            "p50": percentile(run.latencies, 0.5) * MILLI,
            "p99": percentile(run.latencies, 0.99) * MILLI,
        }


LATENCY = Scenario(
    "latency",
    "10 events a second to 1,000 streams",
    ("pulso", "original", "nchan", "aiohttp-sse", "sse-starlette", "raw"),
    {
        "p50": Measure("Publish to receipt, p50", "ms"),
        "p99": Measure("Publish to receipt, p99", "ms"),
    },
    latency,
)
