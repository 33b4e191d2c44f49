"""Publishing through Redis: all or none, in the order of the calls, once for each key."""

import asyncio

import pytest

from services.bus.events import ChatTyping
from services.bus.publisher import Row
from services.bus.redis import publisher as publishing
from services.errors import Conflict, Unavailable
from tests.redis_server import RedisServer
from tests.services.bus.redis.parts import event, eventually, on_a_loop, parts


@on_a_loop
async def test_a_key_counts_in_every_process(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a", "b")
        events = [event("a"), event("b"), event("a")]
        # Beside each other: whichever comes first publishes.
        answers = await asyncio.gather(
            *(
                part.publisher.publish(events, sub="s", key="a key", body=b"1")
                for part in (one, two) * 3
            )
        )
        ids = answers[0]
        assert answers == [ids] * 6
        with pytest.raises(Conflict):
            await two.publisher.publish(events, sub="s", key="a key", body=b"2")
        ids += await two.publisher.publish(events[:1], sub="t", key="a key", body=b"2")
        await client.holds(ids)


@on_a_loop
async def test_a_key_counts_for_as_long_as_history_does(redis: RedisServer) -> None:
    async with parts(1, redis.url, history=(1000, 0.3, 1 << 28)) as (one,):
        publish = one.publisher.publish
        ids = await publish([event("a")], sub="s", key="k", body=b"1")
        assert await publish([event("a")], sub="s", key="k", body=b"1") == ids
        await asyncio.sleep(0.4)
        assert await publish([event("a")], sub="s", key="k", body=b"2") > ids
        # A row's key outlives it: its retry may be late.
        rows = [Row("store:1", event("a"))]
        ids = await one.publisher.publish_rows(rows)
        await asyncio.sleep(0.4)
        assert await one.publisher.publish_rows(rows) == ids


@on_a_loop
async def test_a_row_is_published_once(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        rows = [Row(f"store:{number}", event("a", str(number))) for number in range(700)]
        ids = await one.publisher.publish_rows(rows[:400])
        # As after a crash: some of them are published already, by whoever it was.
        assert (await two.publisher.publish_rows(rows))[:400] == ids
        ids = await one.publisher.publish_rows(rows)
        assert ids == sorted(set(ids)) and len(ids) == 700
        await client.holds(ids)
        assert await one.publisher.publish_rows([]) == []


@on_a_loop
async def test_the_order_of_the_calls_is_kept(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        typing = ChatTyping(bot_id="a", session_id="s", who="w o", state="composing")
        calls = []
        for number in range(50):
            one.publisher.post(typing)
            calls.append(asyncio.ensure_future(one.publish(event("a", str(number)))))
            await asyncio.sleep(0)
        ids = [(await call)[0] for call in calls]
        assert ids == sorted(ids)
        await eventually(lambda: len(client.collect()) == 100)
        kinds = [found.json["type"] for found in client.reader.wire.events[1:]]
        assert kinds == ["chat:typing", "message:received"] * 50
        assert one.bus.published == {"chat:typing": 50, "message:received": 50}


@on_a_loop
async def test_what_waits_is_sent_in_bounded_runs(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BATCH_EVENTS", 10)
    monkeypatch.setattr(publishing, "BATCH_BYTES", 20_000)
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        sizes = [1, 15, 3, 3, 3, 3, 1]
        answers = await asyncio.gather(
            *(one.publish(*(event("a", "x" * 900) for _ in range(size))) for size in sizes)
        )
        assert list(map(len, answers)) == sizes
        await client.holds([id_ for ids in answers for id_ in ids])


@on_a_loop
async def test_redis_without_memory_publishes_nothing_of_it(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        redis.cli("CONFIG", "SET", "maxmemory", "1")
        try:
            with pytest.raises(Unavailable):
                await one.publish(event("a"), event("a"))
        finally:
            redis.cli("CONFIG", "SET", "maxmemory", "0")
        ids = await one.publish(event("a"), event("a"))
        await client.holds(ids)


@on_a_loop
async def test_redis_forgets_its_scripts(redis: RedisServer) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        ids = await one.publish(event("a"))
        redis.cli("SCRIPT", "FLUSH")
        ids += await one.publish(event("a"))
        await client.holds(ids)


@on_a_loop
async def test_a_row_that_was_refused_while_redis_was_frozen_is_published_once(
    redis: RedisServer,
) -> None:
    async with parts(2, redis.url) as (one, two):
        client = await two.follow("a")
        redis.freeze()
        rows = [Row("store:1", event("a", "kept"))]
        try:
            one.publisher.post(event("a", "typing"))
            with pytest.raises(Unavailable):
                await one.publisher.publish_rows(rows)
        finally:
            redis.thaw()
        ids = await one.publisher.publish_rows(rows)
        ids += await one.publish(event("a", "after"))
        await eventually(lambda: client.collect()[-2:] == ids)
        # What was posted may have been on its way.
        assert len(client.collect()) <= 3
