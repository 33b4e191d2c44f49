"""Several processes on one Redis: every stream has its events once and in order, or is told."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.redis_server import RedisServer
from tests.services.bus.redis.parts import event, parts

Test = Callable[[RedisServer], None]


def on_a_loop(test: Callable[[RedisServer], Awaitable[None]]) -> Test:
    def run(redis: RedisServer) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test(redis)

        asyncio.run(bounded())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


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
