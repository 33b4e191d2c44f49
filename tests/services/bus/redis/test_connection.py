"""However Redis is away, whoever asks knows within two seconds."""

import asyncio
import time

import pytest

from services.bus.redis.connection import SECONDS, Names, bounded, make_client
from services.errors import Unavailable
from tests.redis_server import RedisServer


async def ask(url: str) -> bool:
    client = make_client(url)
    try:
        async with bounded():
            return bool(await client.set("a", "b"))
    finally:
        await client.aclose()


def test_an_answer(redis: RedisServer) -> None:
    assert asyncio.run(ask(redis.url))


def test_a_frozen_redis_a_frozen_connection_and_none_at_all(redis: RedisServer) -> None:
    async def frozen(*, connected: bool) -> None:
        client = make_client(redis.url)
        if connected:
            await client.ping()
        redis.freeze()
        try:
            async with bounded():
                await client.set("a", "b")
        finally:
            redis.thaw()
            await client.aclose()

    for ask_it in (frozen(connected=True), frozen(connected=False), ask("redis://127.0.0.1:1")):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            asyncio.run(ask_it)
        assert time.monotonic() - began < SECONDS * 2


def test_names_of_two_databases_are_never_alike() -> None:
    assert Names("redis://x")("bot", "a") == Names("rediss://x:1/0")("bot", "a") == "pulso:0:bot:a"
    assert Names("redis://x/3")("bot", "a") == "pulso:3:bot:a"
