"""Two processes on one Redis beside one alone: what a delivery costs, and how much later it comes.

And how many events a core of Redis carries, in runs of 100 as a busy process sends them.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from bench.crowd import Crowd, Run, crowd
from bench.measuring import cpu_seconds, percentile
from bench.messages import encode, received, singles
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.scenario import MICRO, MILLI, Figures, LostDeliveries, Measure, Scenario
from bench.server import Server, running
from services.bus.events import BotEvent
from services.bus.redis.remote import Remote
from tests.postgresql import postgresql
from tests.redis_server import redis_server

BOT = "bot-0"
PACED_RATE = 40
AFTERMATH_SECONDS = 0.1
BATCH = 100
BOTS = 20


def redis(peer: Peer, scale: Scale) -> Figures:
    with running(peer) as alone, crowd(alone) as readers:
        embedded_cpu, embedded = _paced(alone, alone, readers, scale)
    with _two(peer) as (one, other):
        with crowd(one) as readers:
            own_cpu, own = _paced(one, one, readers, scale)
        with crowd(other) as readers:
            other_cpu, across = _paced(one, other, readers, scale)
    rate, cost = asyncio.run(_script(scale.batches))
    return {
        "embedded": embedded_cpu,
        "own": own_cpu,
        "other": other_cpu,
        "ratio": own_cpu / embedded_cpu,
        "p50": embedded,
        "p50_own": own,
        "p50_across": across,
        "later": across - embedded,
        "script": rate,
        "event": cost,
    }


@contextmanager
def _two(peer: Peer) -> Iterator[tuple[Server, Server]]:
    """Two processes on a Redis and a PostgreSQL of their own."""
    with ExitStack() as opened:
        database = opened.enter_context(postgresql())
        bus = opened.enter_context(redis_server())
        settings = {"PULSO_DATABASE_URL": database.url, "PULSO_BUS_URL": bus.url}
        one = opened.enter_context(running(peer, settings))
        yield one, opened.enter_context(running(peer, settings))


def _paced(publishes: Server, server: Server, readers: Crowd, scale: Scale) -> tuple[float, float]:
    """µs of the reading process's CPU a delivery, and ms from the publisher's send to a reader."""
    readers.publishes_to = publishes
    streams = scale.fan_streams
    readers.open([BOT] * streams)
    readers.settle(0.3)
    readers.deliver(singles(BOT, scale.warm_up_messages, streams))
    readers.settle(0.3)
    before = server.cpu()
    run = readers.deliver(singles(BOT, scale.paced_messages, streams), rate=PACED_RATE)
    time.sleep(AFTERMATH_SECONDS)
    _complete(run)
    cpu = (server.cpu() - before) / run.got * MICRO
    return cpu, percentile(run.latencies, 0.5) * MILLI


def _complete(run: Run) -> None:
    if run.lost:
        raise LostDeliveries(f"{run.lost} of {run.expected} deliveries lost")


async def _script(batches: int) -> tuple[float, float]:
    """Events a second that a core of Redis carries, one process following; µs of CPU each."""
    with redis_server() as server:
        remote = Remote(server.url)
        await remote.open()
        try:
            bots = [f"bot-{number}" for number in range(BOTS)]
            await remote.feed.join(bots, None)
            events = [
                msgspec.json.decode(encode(received(bots[n % BOTS])), type=BotEvent)
                for n in range(BATCH)
            ]
            before = cpu_seconds([server.pid])
            for _ in range(batches):
                await remote.publisher.publish(events)
            cost = (cpu_seconds([server.pid]) - before) / (batches * BATCH)
        finally:
            await remote.close()
    return 1 / cost, cost * MICRO


REDIS = Scenario(
    "redis",
    "40 events a second to 500 streams: alone, and on Redis",
    ("pulso",),
    {
        "embedded": Measure("CPU per delivery, one process alone", "µs"),
        "own": Measure("CPU per delivery, published on the same of two", "µs"),
        "other": Measure("CPU per delivery, published on the other", "µs"),
        "ratio": Measure("On Redis over alone", "×"),
        "p50": Measure("Publish to receipt alone, p50", "ms"),
        "p50_own": Measure("Publish to receipt on the same of two, p50", "ms"),
        "p50_across": Measure("Publish to receipt across, p50", "ms"),
        "later": Measure("Across later than alone", "ms"),
        "script": Measure("Events a second a core of Redis carries", "/s"),
        "event": Measure("CPU of Redis per event", "µs"),
    },
    redis,
)
