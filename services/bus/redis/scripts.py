"""The scripts that Redis runs: each is one step that nothing else comes between."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis

# (the argument list) -> what the script returns
Script = Callable[[Sequence[Any]], Awaitable[Any]]

_HERE = Path(__file__).parent
ADOPT = (_HERE / "adopt.lua").read_text()
FAILURES = (_HERE / "failures.lua").read_text()
PUBLISH = (_HERE / "publish.lua").read_text()
RANGE = (_HERE / "range.lua").read_text()


def script(client: Redis, source: str, key: str) -> Script:
    """This script on this client, sent by its hash; ``key`` is its one key."""
    registered = client.register_script(source)

    async def run(arguments: Sequence[Any]) -> Any:
        return await cast("Awaitable[Any]", registered(keys=[key], args=arguments))

    return run
