"""Anything that can happen to Redis, in any order, while clients roam and publishers publish.

Every client has every event of its bots that was acknowledged, once and in order, or a gap that
says that it has not.
"""

import asyncio
import random

import pytest

from services.bus.redis import feed, following, ranges
from services.errors import Unavailable
from tests.redis_server import RedisServer
from tests.scale import scaled
from tests.services.bus.redis.parts import Client, Part, event, on_a_loop, parts

BOTS = ("a", "b", "c", "d")


class Run:
    def __init__(self, processes: list[Part], redis: RedisServer, seed: int) -> None:
        self.processes = processes
        self.redis = redis
        self.rng = random.Random(seed)
        self.published: dict[str, str] = {}
        self.over = False

    async def publish(self, part: Part) -> None:
        while not self.over:
            events = [event(self.rng.choice(BOTS)) for _ in range(self.rng.choice((1, 1, 3, 20)))]
            try:
                ids = await part.publish(*events)
            except Unavailable:
                continue
            self.published |= zip(ids, (found.bot_id for found in events), strict=True)
            await asyncio.sleep(self.rng.uniform(0, 0.02))

    async def roam(self, client: Client) -> None:
        while not self.over:
            await asyncio.sleep(self.rng.uniform(0, 0.2))
            await client.cut()
            await client.connect(self.rng.choice(self.processes))

    async def settle(self, clients: list[Client]) -> None:
        """Return once all hold what was published last, of each of their bots."""
        for _ in range(30):
            last = await self.processes[0].publish(*map(event, BOTS))
            self.published |= zip(last, BOTS, strict=True)
            await asyncio.sleep(0.3)
            ends = {bot: id_ for id_, bot in zip(last, BOTS, strict=True)}
            # Of what is lost right now, some may hear a second later.
            if all(ends[bot] in client.collect() for client in clients for bot in client.bots):
                return
        behind = [client for client in clients if client.last_id not in ends.values()]
        raise AssertionError([(client.bots, client.last_id) for client in behind])

    async def fault(self) -> None:
        match self.rng.choice(("cut", "cut", "commands", "flush", "freeze", "pause", "no pub/sub")):
            case "cut":
                self.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
            case "commands":
                self.redis.cli("CLIENT", "KILL", "TYPE", "normal")
            case "flush":
                self.redis.cli("FLUSHALL")
            case "freeze":
                self.redis.freeze()
                await asyncio.sleep(self.rng.uniform(0, 0.5))
                self.redis.thaw()
            case "pause":
                self.redis.cli("CLIENT", "PAUSE", str(self.rng.randint(10, 500)))
            case "no pub/sub":
                self.redis.cli("ACL", "SETUSER", "default", "-subscribe")
                self.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(self.rng.uniform(0, 0.3))
                self.redis.cli("ACL", "SETUSER", "default", "+subscribe")
        await asyncio.sleep(self.rng.uniform(0, 0.5))


@pytest.mark.parametrize("seed", range(scaled(30)))
@pytest.mark.parametrize("kept", [30, 100_000], ids=["short histories", "long histories"])
@on_a_loop
async def test_every_event_or_a_gap(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, seed: int, kept: int
) -> None:
    monkeypatch.setattr(following, "LINGER_SECONDS", 0.3)
    # What was missed is read in many small steps.
    monkeypatch.setattr(feed, "STEP_EVENTS", 7)
    monkeypatch.setattr(ranges, "STEP_BOTS", 1)
    async with parts(3, redis.url, history=(kept, 600.0, 1 << 28)) as processes:
        run = Run(processes, redis, seed)
        clients = [
            await processes[number % 3].follow(*run.rng.sample(BOTS, run.rng.randint(1, 3)))
            for number in range(8)
        ]
        work = [asyncio.ensure_future(run.publish(part)) for part in processes]
        work += [asyncio.ensure_future(run.roam(client)) for client in clients[:5]]
        for _ in range(8):
            await run.fault()
        run.over = True
        await asyncio.gather(*work)
        await run.settle(clients)
        for client in clients:
            check(client, run.published)


def check(client: Client, published: dict[str, str]) -> None:
    """Between two events of a bot that it holds it lacks none, unless there was a gap."""
    for bot in client.bots:
        of_bot = sorted(id_ for id_, its_bot in published.items() if its_bot == bot)
        since: str | None = client.began_at
        for id_ in client.reported[bot]:
            if id_ is not None and since is not None:
                missing = [found for found in of_bot if since < found < id_]
                assert missing == [], f"of {bot} between {since} and {id_}: {client.gaps}"
            since = id_
