"""Failed attempts to sign in, counted over all processes.

Where Redis is away each process counts its own.
"""

import hashlib
import logging
import secrets
from collections.abc import Awaitable
from typing import Any, cast

from services.bus.redis.connection import bounded
from services.bus.redis.link import Link
from services.bus.redis.scripts import FAILURES
from services.errors import Unavailable
from services.tasks import Tasks

ASK_SECONDS = 0.5  # somebody waits to be signed in

log = logging.getLogger(__name__)


class RedisFailures:
    """``SharedFailures`` in Redis."""

    def __init__(self, link: Link) -> None:
        self._names = link.names
        self._script = link.client.register_script(FAILURES)
        self._tasks = Tasks()

    async def close(self) -> None:
        await self._tasks.close()

    async def wait(
        self, username: str, address: str, *, seconds: float, limits: tuple[int, int]
    ) -> float:
        try:
            return float(await self._run(username, address, "wait", seconds, *limits)) / 1000
        except Unavailable as error:
            log.warning("Failed sign-ins of other processes don't count: %s", error.message)
            return 0.0

    def failed(self, username: str, address: str, *, seconds: float) -> None:
        failure = secrets.token_hex(8)
        self._begin(self._run(username, address, "failed", round(seconds), failure))

    def succeeded(self, username: str, address: str) -> None:
        self._begin(self._run(username, address, "succeeded"))

    def _begin(self, work: Awaitable[Any]) -> None:
        async def begun() -> None:
            try:
                await work
            except Unavailable as error:
                log.warning("An attempt to sign in counts in this process only: %s", error.message)

        self._tasks.start(begun(), "Counting an attempt to sign in")

    async def _run(self, username: str, address: str, *arguments: Any) -> Any:
        # A name is whatever somebody typed.
        digest = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
        keys = [
            self._names("failed", address, digest),
            self._names("failed", address),
        ]
        async with bounded(ASK_SECONDS):
            return await cast("Awaitable[Any]", self._script(keys=keys, args=list(arguments)))
