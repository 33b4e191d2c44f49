"""Everyone comes back at once: 5,000 clients resume, each 100 events behind."""

import json
import time

from bench.crowd import crowd
from bench.messages import batches, bot_names, encode, received
from bench.peers import Peer
from bench.publisher import Publisher
from bench.scale import Scale
from bench.scenarios.scenario import Figures, Measure, Scenario
from bench.server import Server, running

BOTS = 50


def _fall_behind(server: Server, bots: list[str], events: int) -> str:
    """Publish what the clients will have missed. The id they saw last."""
    publisher = Publisher(server)
    seen = ""
    for bot in bots:
        seen = json.loads(publisher.post(bot, encode(received(bot)))).get("id", "")
    for post in batches(bots, events, len(bots), len(bots)):
        publisher.post(post.bot, post.body)
    publisher.close()
    return seen


def storm(peer: Peer, scale: Scale) -> Figures:
    bots = bot_names(BOTS)
    clients = [bots[number % BOTS] for number in range(scale.storm_clients)]
    with running(peer) as server, crowd(server) as readers:
        seen = _fall_behind(server, bots, scale.storm_behind)
        time.sleep(0.5)
        cpu, begin = server.cpu(), time.perf_counter()
        readers.open(clients, window=len(clients), last_event_id=seen or None)
        missed = scale.storm_behind * len(clients)
        lost = readers.wait(scale.storm_behind) if peer.resumes else missed
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "cpu": server.cpu() - cpu, "lost": lost}


STORM = Scenario(
    "storm",
    "5,000 clients resume at once, each 100 events behind",
    ("pulso", "original"),
    {
        "seconds": Measure("Until all are caught up (the original: connected)", "s"),
        "cpu": Measure("CPU of all of it", "s"),
        "lost": Measure("Events lost", "events"),
    },
    storm,
)
