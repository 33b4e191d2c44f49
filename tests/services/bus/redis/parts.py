"""The bus of a process, as often as a test needs it, and clients that follow its streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from itertools import pairwise
from typing import Any

from services.bus.events import Event, Message, MessageReceived
from services.bus.redis.remote import Remote
from services.errors import Unavailable
from tests.services.bus.bus_model import Reader, Wire

WAIT_SECONDS = 15.0


class Part(Remote):
    """What of one process has to do with Redis."""

    async def publish(self, *events: Event) -> list[str]:
        return await self.publisher.publish(events)

    async def recovers(self) -> None:
        """Return once events travel through it again."""
        for _ in range(100):
            if await self.bus.carries(2):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("Redis does not carry")

    async def follow(self, *bots: str, after: str | None = None) -> "Client":
        return await Client(bots).connect(self, after)


class Client:
    """Follows bots on whichever part it is connected to, resuming where it was."""

    def __init__(self, bots: tuple[str, ...]) -> None:
        self.bots = bots
        self.began_at = ""
        # By bot, in the order they came: ids of events, None for a gap.
        self.reported: dict[str, list[str | None]] = {bot: [] for bot in bots}
        self.seen: list[tuple[str, str]] = []
        self.gaps: list[dict[str, Any]] = []
        self.last_id: str | None = None
        self.reader: Reader | None = None
        self._taken = 0

    async def connect(self, part: Part, after: str | None = None) -> "Client":
        after = after if after is not None else self.last_id
        while True:
            try:
                await part.feed.join(self.bots, after)
                break
            except Unavailable:
                await asyncio.sleep(0.2)
        subscription = part.bus.subscribe(self.bots, after)
        for start in subscription.starts:
            if start.gap is not None:
                self._gap({"botId": start.bot_id, "reason": start.gap, "after": start.after})
        self.began_at = self.began_at or part.bus.cursor_at(subscription.seq)
        self.reader = Reader(part.bus, subscription, Wire(1 << 40))
        self._taken = 0
        await asyncio.sleep(0)
        return self

    async def cut(self) -> None:
        """The connection ends."""
        assert self.reader is not None
        self.collect()
        self.reader.subscription.close("gone")
        await self.reader.task

    def collect(self) -> list[str]:
        """What it holds by now: the ids of events, in the order they came."""
        assert self.reader is not None
        events = self.reader.wire.events
        for event in events[self._taken :]:
            data = json.loads(event.data)
            if data["type"] == "gap":
                self._gap({name: data[name] for name in ("botId", "reason", "after")})
            elif data["type"] not in ("connected", "closing"):
                assert data["botId"] in self.bots
                self.seen.append((event.id, data["botId"]))
                self.reported[data["botId"]].append(event.id)
            self.last_id = event.id
        self._taken = len(events)
        ids = [id_ for id_, _ in self.seen]
        assert all(a < b for a, b in pairwise(ids)), ids
        return ids

    def _gap(self, gap: dict[str, Any]) -> None:
        self.gaps.append(gap)
        self.reported[gap["botId"]].append(None)

    async def holds(self, ids: list[str]) -> None:
        """Return once it holds exactly these."""
        await eventually(lambda: len(self.collect()) >= len(ids))
        assert self.collect() == ids

    async def gap_reported(self, reason: str, *bots: str) -> None:
        """Return once each of these bots had a gap, for this reason."""
        wanted = sorted((bot, reason) for bot in bots or self.bots)
        await eventually(lambda: self.collect() is not None and len(self.gaps) >= len(wanted))
        assert sorted((gap["botId"], gap["reason"]) for gap in self.gaps) == wanted


def on_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test that is a coroutine; it may take a minute."""

    @wraps(test)
    def run(*args: Any, **fixtures: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test(*args, **fixtures)

        asyncio.run(bounded())

    return run


async def eventually(is_so: Callable[[], bool]) -> None:
    for _ in range(int(WAIT_SECONDS / 0.01)):
        if is_so():
            return
        await asyncio.sleep(0.01)
    assert is_so()


@asynccontextmanager
async def parts(count: int, url: str, **options: Any) -> AsyncIterator[list[Part]]:
    """So many processes' parts."""
    async with AsyncExitStack() as opened:
        made = []
        for _ in range(count):
            part = Part(url, **options)
            await part.open()
            opened.push_async_callback(part.close)
            made.append(part)
        yield made


def event(bot_id: str, text: str = "hello") -> Event:
    return MessageReceived(bot_id=bot_id, session_id="s", message=Message(id="m", content=text))
