"""A bus on a clock of the tests' own, and readers that follow it as a stream's handler does."""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from services.bus.block import Block
from services.bus.control_events import Closing, Connected
from services.bus.event_bus import EventBus
from services.bus.replay import NOTHING
from services.bus.sse import control_frame
from services.bus.subscription import Remainder, Subscription
from tests.sse_reader import Dispatched, SSEParser

T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__()

    def time(self) -> float:
        return self.now

    def call(self, what: Callable[[], T]) -> T:
        """Call a plain function on the loop."""

        async def wrapped() -> T:
            return what()

        return self.run_until_complete(wrapped())

    def settle(self) -> None:
        """Run everything that can run now."""

        async def turns() -> None:
            for _ in range(12):
                await asyncio.sleep(0)

        self.run_until_complete(turns())


class Wire:
    """A socket and the client behind it; it takes ``room`` more bytes and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.events: list[Dispatched] = []
        self.cut = False
        self._parser = SSEParser()
        self._more = asyncio.Event()

    def send(self, data: bytes) -> bytes:
        """What was not taken."""
        taken = data[: self.room]
        self.room -= len(taken)
        if not self.cut:
            self.events += self._parser.feed(taken)
        return data[len(taken) :]

    async def write(self, data: bytes) -> None:
        """Return once all of it is taken."""
        while data := self.send(data):
            self._more.clear()
            await self._more.wait()

    def read(self, count: int) -> None:
        """The client reads this many bytes."""
        self.room += count
        self._more.set()


class Reader:
    """One stream: the same steps as the handler's, on a ``Wire``."""

    def __init__(self, bus: EventBus, subscription: Subscription, wire: Wire) -> None:
        self.bus = bus
        self.subscription = subscription
        self.wire = wire
        self.task = asyncio.get_running_loop().create_task(self._run())

    @property
    def ids(self) -> list[int]:
        """Sequence numbers of the published events the client holds whole."""
        return [seq_of(event.id) for event in self.wire.events if "n" in tag_of(event)]

    @property
    def last_id(self) -> str | None:
        return self.wire.events[-1].id if self.wire.events else None

    async def _run(self) -> None:
        subscription, wire = self.subscription, self.wire
        with subscription:
            cursor = self.bus.cursor_at(subscription.seq)
            for start in subscription.starts:
                connected = Connected(
                    bot_id=start.bot_id, stream_id="s", resumed=start.resumed, heartbeat_seconds=30
                )
                await wire.write(control_frame(connected, cursor=cursor))
            for block in subscription.replay.blocks():
                if subscription.closing is not None:
                    break
                await wire.write(block.data)
                subscription.advance(block.seq)
            subscription.replay = NOTHING
            while (item := await subscription.next(lambda b: wire.send(b.data))) is not None:
                match item:
                    case Block():
                        await wire.write(item.data)
                        subscription.advance(item.seq)
                    case Remainder():
                        await wire.write(item.data)
                        subscription.advance(item.seq)
            reason = subscription.closing
            if reason is not None and reason != "gone" and reason != "timeout":
                cursor = self.bus.cursor_at(subscription.seq)
                await wire.write(control_frame(Closing(reason=reason), cursor=cursor))


def tag_of(event: Dispatched) -> dict[str, int]:
    """``{"n": …}`` for a published event, ``{}`` for an event of the stream's own."""
    fields = json.loads(event.data)
    return {} if fields["type"] in ("connected", "closing", "gap") else {"n": 1}


def seq_of(event_id: str) -> int:
    return int(event_id.rpartition("-")[2])
