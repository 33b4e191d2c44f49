"""Redis loses what it had: every open stream gets a gap, ids go on rising, nothing is mixed up."""

import asyncio

from services.bus.redis import link
from tests.redis_server import RedisServer, redis_server
from tests.services.bus.redis.parts import Client, Part, event, eventually, on_a_loop, parts


async def lives_on(one: Part, two: Part, client: Client, before: list[str], old_id: str) -> None:
    """Both go on in one new epoch, from which nothing of before is resumed."""
    await client.gap_reported("restarted")
    await eventually(lambda: one.bus.seen[0] == two.bus.seen[0])
    ids = await one.publish(event("a"), event("b"))
    ids += await two.publish(event("a"))
    await client.holds([*before, *ids])
    for part in (one, two):
        returned = await part.follow("a", "b", after=old_id)
        await returned.gap_reported("restarted")
        resumed = await part.follow("a", "b", after=ids[0])
        await resumed.holds(ids[1:])


@on_a_loop
async def test_flushed(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a", "b")
        ids = await one.publish(event("a"), event("b"))
        await client.holds(ids)
        redis.cli("FLUSHALL")
        # Nobody publishes: the second process finds out by itself.
        await lives_on(one, two, client, ids, ids[0])


@on_a_loop
async def test_flushed_and_published_to_at_once(redis: RedisServer) -> None:
    async with parts(3, redis.url) as (one, two, three):
        client = await two.follow("a", "b")
        # The third is ahead of the first: it follows a bot that the first does not.
        ahead = await three.follow("c")
        ids = await one.publish(event("a"), event("b"))
        await client.holds(ids)
        later = await one.publish(*(event("c") for _ in range(50)))
        await ahead.holds(later)
        redis.cli("FLUSHALL")
        fresh = await one.publish(event("a"), event("b"))
        assert fresh[0] > later[-1]
        await ahead.gap_reported("restarted")
        await client.gap_reported("restarted")
        # Told before or after these, but never without them and without a gap.
        await eventually(lambda: len({part.bus.seen[0] for part in (one, two, three)}) == 1)
        again = await three.publish(event("a"), event("c"))
        await eventually(lambda: client.collect()[-1] == again[0])
        await ahead.holds([*later, again[1]])


@on_a_loop
async def test_flushed_again_and_again_under_load(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a", "b")
        for _ in range(5):
            await asyncio.gather(*(part.publish(event("a")) for part in (one, two) * 5))
            redis.cli("FLUSHALL")
        await eventually(lambda: one.bus.seen[0] == two.bus.seen[0] and two.feed.works)
        await asyncio.sleep(1.5)
        (last,) = await one.publish(event("b"))
        await eventually(lambda: client.collect()[-1] == last)
        assert {gap["reason"] for gap in client.gaps} == {"restarted"}


@on_a_loop
async def test_restarted_without_its_file() -> None:
    with redis_server() as redis:
        async with parts(2, redis.url) as (one, two):
            client = await two.follow("a", "b")
            ids = await one.publish(event("a"), event("b"))
            await client.holds(ids)
            redis.cli("SHUTDOWN", "NOSAVE")
            await asyncio.to_thread(redis.start)
            await lives_on(one, two, client, ids, ids[1])


@on_a_loop
async def test_restarted_with_an_old_file() -> None:
    """No process is ahead of the file's counter: it is the other run that shows it."""
    with redis_server() as redis:
        async with parts(2, redis.url) as (one, two):
            client = await two.follow("a", "b")
            ids = await one.publish(event("a"), event("b"))
            await client.holds(ids)
            redis.cli("SAVE")
            lost = await one.publish(event("c"))
            redis.kill()
            await asyncio.to_thread(redis.start)
            await lives_on(one, two, client, ids, lost[0])


@on_a_loop
async def test_a_replica_takes_over() -> None:
    now = {"repl-diskless-sync-delay": "0"}
    with redis_server(**now) as master, redis_server() as replica:
        replica.cli("REPLICAOF", "127.0.0.1", str(master.port))
        await eventually(lambda: "master_link_status:up" in replica.cli("INFO", "replication"))
        async with parts(2, master.url) as (one, two):
            client = await two.follow("a", "b")
            ids = await one.publish(event("a"), event("b"))
            await client.holds(ids)
            replica.cli("REPLICAOF", "NO", "ONE")
            ids += await one.publish(event("b"))  # which the replica never sees
            await client.holds(ids)
            master.kill()
            # The address is the new master's from now on.
            replica.cli("CONFIG", "SET", "port", str(master.port))
            replica.port = master.port
            await lives_on(one, two, client, ids, ids[2])


@on_a_loop
async def test_a_clock_that_was_set_back_takes_no_epoch_back(
    redis: RedisServer, monkeypatch: object
) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a", "b")
        ids = await one.publish(event("a"), event("b"))
        await client.holds(ids)
        epoch = one.bus.seen[0]
        monkeypatch.setattr(link, "new_epoch", lambda: "0" * 16)  # type: ignore[attr-defined]
        redis.cli("FLUSHALL")
        await lives_on(one, two, client, ids, ids[0])
        assert one.bus.seen[0] > epoch
