"""One Redis for the tests of a module, empty for each of them."""

from collections.abc import Iterator

import pytest

from tests.redis_server import MISSING, PROGRAM, RedisServer, redis_server


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip(MISSING)
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(shared_redis: RedisServer) -> RedisServer:
    """A Redis that nobody has written to."""
    shared_redis.cli("FLUSHALL")
    return shared_redis
