"""Several processes on one Redis: every stream has its events once and in order, or gets a gap."""

import asyncio
import random

import pytest

from services.bus.redis import feed, following
from services.bus.redis import publisher as publishing
from services.errors import Unavailable
from tests.redis_server import RedisServer
from tests.scale import scaled
from tests.services.bus.redis.parts import Client, Part, event, eventually, on_a_loop, parts


@on_a_loop
async def test_published_on_one_read_on_another_resumed_on_a_third(redis: RedisServer) -> None:
    async with parts(3, redis.url) as (one, two, three):
        client = await two.follow("a", "b")
        alone = await three.follow("b")
        ids = await one.publish(event("a"), event("b"), event("c"), event("a"))
        await client.holds([ids[0], ids[1], ids[3]])
        await alone.holds([ids[1]])
        await client.cut()
        ids += await two.publish(event("b"))
        ids += await three.publish(event("c"), event("b"))
        await client.connect(three)
        await client.holds([ids[0], ids[1], ids[3], ids[4], ids[6]])
        assert client.gaps == []


@on_a_loop
async def test_clients_roam_while_bots_are_joined_and_left(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bots are unsubscribed as soon as nobody reads them, and joined again and again."""
    monkeypatch.setattr(following, "LINGER_SECONDS", 0.0)
    bots = [f"b{number}" for number in range(6)]
    published: list[tuple[str, str]] = []
    done = False

    async def publish(part: Part, rng: random.Random) -> None:
        while not done:
            events = [event(rng.choice(bots)) for _ in range(rng.choice((1, 1, 5, 40)))]
            ids = await part.publish(*events)
            published.extend((id_, found.bot_id) for id_, found in zip(ids, events, strict=True))
            await asyncio.sleep(rng.uniform(0, 0.01))

    async def roam(seed: int) -> Client:
        rng = random.Random(seed)
        client = await rng.choice(processes).follow(*rng.sample(bots, rng.randint(1, 4)))
        for _ in range(scaled(25)):
            await asyncio.sleep(rng.uniform(0, 0.06))
            await client.cut()
            await client.connect(rng.choice(processes))
        return client

    async with parts(3, redis.url, history=(100_000, 600.0, 1 << 28)) as processes:
        publishers = [
            asyncio.ensure_future(publish(part, random.Random(number)))
            for number, part in enumerate(processes * 2)
        ]
        clients = await asyncio.gather(*(roam(seed) for seed in range(scaled(20))))
        done = True
        await asyncio.gather(*publishers)
        published.sort()
        for client in clients:
            assert client.gaps == []
            await client.holds(
                [id_ for id_, bot in published if bot in client.bots and id_ > client.began_at]
            )
            await client.cut()
        await eventually(lambda: not any(part.feed._following.channels for part in processes))


@on_a_loop
async def test_what_can_not_be_resumed_from_is_a_gap(redis: RedisServer) -> None:
    async with parts(2, redis.url, history=(5, 600.0, 1 << 28)) as (one, two):
        ids = await one.publish(*(event("a") for _ in range(10)), event("b"))
        for part in (one, two):
            kept = await part.follow("a", "b", after=ids[4])
            await kept.holds(ids[5:])
            evicted = await part.follow("a", "b", after=ids[3])
            await evicted.holds([ids[10]])
            assert evicted.gaps == [{"botId": "a", "reason": "evicted", "after": ids[3]}]
            ahead = f"{ids[0][:17]}{999:012d}"
            for last_id, reason, shown in (
                (ahead, "unknown", ahead),
                ("garbage", "unknown", None),
                ("0" * 16 + "-000000000001", "restarted", "0" * 16 + "-000000000001"),
                ("f" * 16 + "-000000000001", "restarted", "f" * 16 + "-000000000001"),
            ):
                client = await part.follow("a", after=last_id)
                assert client.gaps == [{"botId": "a", "reason": reason, "after": shown}]
        # Nothing of a bot that was never heard of is lost.
        quiet = await two.follow("quiet", after=ids[0])
        assert quiet.gaps == []


@on_a_loop
async def test_what_is_older_than_the_window_is_gone(redis: RedisServer) -> None:
    async with parts(2, redis.url, history=(1000, 0.6, 1 << 28)) as (one, two):
        first = await one.publish(event("a"), event("b"))
        await asyncio.sleep(0.4)
        second = await one.publish(event("a"))
        fresh = await two.follow("a", "b", after=first[0])
        await fresh.holds([first[1], *second])
        await asyncio.sleep(0.4)
        for part in (one, two):
            # The first event is too old, but known; the second bot's is not.
            client = await part.follow("a", "b", after=first[0])
            await client.gap_reported("evicted", "b")
            await client.holds(second)
        assert redis.cli("KEYS", "pulso:*:events:b") == ""


@on_a_loop
async def test_bots_beyond_the_most_are_a_gap_too_many_at_most(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_BOTS", 3)
    async with parts(2, redis.url) as (one, two):
        living = await two.follow("b0")
        ids = [(await one.publish(event(f"b{number}")))[0] for number in range(6)]
        ids += await one.publish(event("b0"))
        await living.gap_reported("evicted")
        ids += await one.publish(event("b0"))
        await living.holds([ids[0], ids[7]])
        folded = await two.follow("b1", after=ids[0])
        await folded.gap_reported("evicted")
        kept = await two.follow("b5", after=ids[4])
        await kept.holds([ids[5]])


@on_a_loop
async def test_the_connection_of_the_channels_is_cut_again_and_again(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a", "b")
        ids: list[str] = []
        for number in range(scaled(120)):
            ids += await one.publish(event("a"), event("b"), event("c"))
            if number % 10 == 0:
                redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
        await client.holds([id_ for number, id_ in enumerate(ids) if number % 3 < 2])
        assert client.gaps == []


@on_a_loop
async def test_what_was_trimmed_while_a_process_was_cut_off_is_a_gap(redis: RedisServer) -> None:
    async with parts(2, redis.url, history=(5, 600.0, 1 << 28)) as (one, two):
        client = await two.follow("a", "b")
        (seen,) = await one.publish(event("a"))
        await client.holds([seen])
        redis.cli("ACL", "SETUSER", "default", "-subscribe")
        try:
            redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
            ids = await one.publish(event("b"), *(event("a") for _ in range(6)), event("b"))
        finally:
            redis.cli("ACL", "SETUSER", "default", "+subscribe")
        await client.gap_reported("evicted", "a")
        await client.holds([seen, ids[0], ids[7]])
        assert client.gaps[0]["after"] == seen
        ids += await one.publish(event("a"))
        await client.holds([seen, ids[0], ids[7], ids[8]])
        # A resume from then on finds what Redis still has.
        again = await two.follow("a", after=ids[4])
        await again.holds([*ids[5:7], ids[8]])


@on_a_loop
async def test_much_is_read_in_steps(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "STEP_EVENTS", 10)
    async with parts(2, redis.url, history=(40, 600.0, 1 << 28)) as (one, two):
        client = await two.follow("a", "b", "c")
        (seen,) = await one.publish(event("a"))
        await client.holds([seen])
        redis.cli("ACL", "SETUSER", "default", "-subscribe")
        try:
            redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
            # More of one than is kept; between them those of two others.
            bots = ["c" if number % 3 else "ab"[number % 2] for number in range(100)]
            ids = await one.publish(*map(event, bots))
        finally:
            redis.cli("ACL", "SETUSER", "default", "+subscribe")
        await client.gap_reported("evicted", "c")
        ids += await one.publish(event("a"), event("c"))
        await eventually(lambda: client.collect()[-1:] == ids[-1:])
        assert [id_ for id_, bot in client.seen if bot != "c"] == [seen, *ids[:100:3], ids[100]]
        # What comes of the other behind its gap is the end of it, in order.
        of_c = [id_ for id_, bot in zip(ids, [*bots, "a", "c"], strict=True) if bot == "c"]
        held = [id_ for id_, bot in client.seen if bot == "c"]
        assert held == of_c[-len(held) :] and len(held) <= 40


@on_a_loop
async def test_a_large_publish_closes_nobody_who_had_nothing_waiting(redis: RedisServer) -> None:
    async with parts(2, redis.url, backlog=(100, 20_000)) as (one, two):
        client = await two.follow("a", "b")
        assert client.reader is not None
        client.reader.wire.room = 0
        text = "x" * 800
        ids = await one.publish(*(event("ab"[number % 2], text) for number in range(1000)))
        await eventually(lambda: client.reader.subscription.waiting_events > 900)
        client.reader.wire.read(1 << 40)
        await client.holds(ids)


@on_a_loop
async def test_a_frozen_redis_loses_nothing(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        ids = await one.publish(event("a"))
        await client.holds(ids)
        cursor = two.bus.cursor()
        redis.freeze()
        try:
            began = asyncio.get_running_loop().time()
            for result in await asyncio.gather(
                one.publish(event("a", "lost?")),
                two.publish(event("a", "lost?")),
                one.feed.join(["new"], None),
                one.bus.carries(2),
                return_exceptions=True,
            ):
                assert isinstance(result, Unavailable) or result is False
            assert asyncio.get_running_loop().time() - began < 6
            # Whoever follows what is known already goes on without Redis.
            local = await two.follow("a", after=cursor)
            assert local.gaps == [] and client.reader.subscription.closing is None
        finally:
            redis.thaw()
        ids = await one.publish(event("a", "after"))
        await eventually(lambda: client.collect()[-1:] == ids)
        await eventually(lambda: local.collect() == client.collect()[1:])
        assert client.gaps == local.gaps == []
        await one.recovers()
        await two.recovers()
