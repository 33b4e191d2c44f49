"""Which history the ids are of, agreed on by all processes before they use a connection.

Redis was flushed, restarted or failed over: what was published last may be lost. Every new
connection asks first, so that no command of ours ever reaches a Redis of which that is not
settled.
"""

from collections.abc import Callable
from typing import Any

from services.bus.cursor import following_epoch, new_epoch
from services.bus.redis.connection import Names, make_client
from services.bus.redis.scripts import ADOPT

# (epoch, seq) that this process has seen; ("", 0) before it has seen any.
Seen = Callable[[], tuple[str, int]]


class Link:
    """One process's way to Redis. ``client`` is for commands; they go inside ``bounded``."""

    def __init__(self, url: str, seen: Seen) -> None:
        self.names = Names(url)
        self._seen = seen
        self.client = make_client(url, self._on_connect)

    async def connection(self) -> Any:
        """A connection of one's own, for subscribing; ``disconnect`` it."""
        pool: Any = self.client.connection_pool
        connection = pool.make_connection()
        await connection.connect()
        return connection

    async def adopt(self) -> tuple[str, int]:
        """The epoch that counts, and a seq that no event was beyond a moment ago.

        Where it is another one than this process's, the seq is beyond all that this process has
        seen.
        """
        pool: Any = self.client.connection_pool
        connection = await pool.get_connection()
        try:
            return await self._adopt(connection)
        finally:
            await pool.release(connection)

    async def close(self) -> None:
        await self.client.aclose()

    async def _on_connect(self, connection: Any) -> None:
        await connection.on_connect()
        await self._adopt(connection)

    async def _adopt(self, connection: Any) -> tuple[str, int]:
        names = self.names
        candidate = new_epoch()
        while True:
            epoch, seq = self._seen()
            arguments = (names(), epoch, seq, candidate, names("epoch"))
            await connection.send_command("EVAL", ADOPT, 1, names("bus"), *arguments)
            answer = await connection.read_response()
            if len(answer) == 2:
                return answer[0].decode(), int(answer[1])
            # A clock that was set back, or another process's that is fast.
            candidate = following_epoch(answer[0].decode())
