"""Ten thousand streams that nothing happens on: what each holds, and what opening one takes."""

from bench.crowd import crowd
from bench.messages import bot_names
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.scenario import MICRO, Figures, Measure, Scenario
from bench.server import running

BOTS = 100


def idle(peer: Peer, scale: Scale) -> Figures:
    bots = bot_names(BOTS)
    with running(peer) as server, crowd(server) as readers:
        # Code that runs for the first time is not what a stream costs.
        readers.open(bots)
        readers.settle(1)
        cpu, resident = server.cpu(), server.resident()
        readers.open(bots[number % BOTS] for number in range(scale.idle_streams))
        readers.settle(0.5)
        return {
            "memory": (server.resident() - resident) / scale.idle_streams,
            "open": (server.cpu() - cpu) / scale.idle_streams * MICRO,
        }


IDLE = Scenario(
    "idle",
    "10,000 idle streams on one process",
    ("pulso", "original", "nchan", "aiohttp-sse", "sse-starlette", "raw"),
    {
        "memory": Measure("Memory per stream", "KiB"),
        "open": Measure("CPU to open one, its token verified", "µs"),
    },
    idle,
)
