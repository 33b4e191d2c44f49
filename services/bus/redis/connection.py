"""Connections to Redis: how long they may take, and what keys and channels are called.

A client of redis-py as it comes waits more than 8 s for a Redis that hangs (5 s, and ten more
tries); here an answer is there within ``SECONDS`` or there is none, and nothing is tried again
behind anybody's back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.errors import Unavailable

SECONDS = 2.0  # one command, making its connection included
CONNECTIONS = 16  # of one client
UNAVAILABLE = "Redis can't be reached"

# Called with a new connection instead of its own ``on_connect``, which it has to await.
OnConnect = Callable[[Any], Awaitable[None]]


def make_client(url: str, on_connect: OnConnect | None = None) -> Redis:
    """A client whose commands go inside ``bounded``. Bytes in, bytes out; ``aclose`` it."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=SECONDS,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        redis_connect_func=on_connect,
        protocol=2,
    )
    return Redis.from_pool(pool)


@asynccontextmanager
async def bounded(seconds: float = SECONDS) -> AsyncIterator[None]:
    """What is asked of Redis in here. Unavailable (503) where it does not answer in time.

    An answer that is missing says nothing of the command: it may have been carried out, or may be
    yet.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, RedisError, OSError) as error:
        raise Unavailable(UNAVAILABLE) from error


class Names:
    """What Pulso's keys and channels in one database of a Redis are called.

    ``names("lease", bot_id)`` is ``pulso:0:lease:<bot_id>``. Channels don't know of databases,
    so that the number is in the name.
    """

    def __init__(self, url: str) -> None:
        self._prefix = f"pulso:{urlsplit(url).path.strip('/') or '0'}"

    def __call__(self, *parts: str) -> str:
        """``names()`` is what all begin with."""
        return ":".join((self._prefix, *parts))
