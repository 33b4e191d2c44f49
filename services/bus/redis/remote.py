"""Redis as the bus of this process: its parts made, opened and closed."""

from collections.abc import Callable

from services.bus.redis.connection import bounded
from services.bus.redis.failures import RedisFailures
from services.bus.redis.feed import Feed
from services.bus.redis.link import Link
from services.bus.redis.publisher import RedisPublisher
from services.bus.redis.shared_bus import SharedBus
from services.errors import CannotStart, Unavailable

# XRANGE from an id on without that id.
OLDEST = (6, 2)


class Remote:
    """``history`` is (events, seconds, bytes), ``backlog`` as of ``EventBus``."""

    def __init__(
        self,
        url: str,
        *,
        history: tuple[int, float, int] = (1000, 600.0, 268_435_456),
        coalesce_ms: float = 10.0,
        backlog: tuple[int, int] = (512, 1_048_576),
        observe: Callable[[float], None] | None = None,
    ) -> None:
        events, seconds, max_bytes = history
        self.bus = bus = SharedBus(
            history_events=events,
            history_seconds=seconds,
            history_bytes=max_bytes,
            coalesce_ms=coalesce_ms,
            backlog=backlog,
            observe=observe,
        )
        self.link = Link(url, lambda: bus.seen)
        self.feed = Feed(self.link, bus, seconds=seconds)
        bus.answers = self.feed.answers
        self.failures = RedisFailures(self.link)
        self.publisher = RedisPublisher(self.link, bus, events=events, seconds=seconds)

    async def open(self) -> None:
        """CannotStart where Redis does not answer, or is too old."""
        try:
            async with bounded():
                version = str((await self.link.client.info("server"))["redis_version"])
            if tuple(map(int, version.split(".")[:2])) < OLDEST:
                raise CannotStart(f"PULSO_BUS_URL: Redis {version} is too old; 6.2 is needed")
            await self.feed.open()
        except Unavailable as error:
            raise CannotStart(f"PULSO_BUS_URL: {error.message}: {error.__cause__}") from None

    async def close(self) -> None:
        """Send and deliver what waits."""
        await self.failures.close()
        await self.publisher.close()
        await self.feed.close()
        await self.link.close()
