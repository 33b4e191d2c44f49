"""What the store and POST /events publish through where Redis is the bus.

The order of the calls is the order of the events, also where calls wait beside each other: one
sender hands whatever waits to one run of the script, so that a busy process asks Redis no more
often than it answers.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from redis.exceptions import ResponseError

from services.bus.cursor import Cursor
from services.bus.event_bus import EventBus
from services.bus.events import Event
from services.bus.idempotency import OTHER_BODY
from services.bus.publisher import Row
from services.bus.redis.connection import SECONDS, UNAVAILABLE, bounded
from services.bus.redis.link import Link
from services.bus.redis.scripts import PUBLISH, script
from services.bus.redis.wire import arguments
from services.errors import Conflict, Unavailable
from services.tasks import Tasks

MAX_BOTS = 100_000  # remembered in Redis, some 100 bytes each
LEAST_ROW_SECONDS = 600.0
# Of one run of the script, during which Redis does nothing else: some 20 ms.
BATCH_EVENTS = 500
BATCH_BYTES = 2_097_152


class _Call:
    """Some events that are published together, or not at all: in ``groups``, each under a key."""

    def __init__(self, since: float) -> None:
        self.words: list[Any] = []
        self.groups = self.events = self.bytes = 0
        self.since = since
        # For each group the first of its ids, None for a conflict.
        self.answer: asyncio.Future[list[Cursor | None]] | None = None  # None: nobody waits

    def add(
        self, events: Sequence[Event], key: str = "", window: int = 0, digest: str = ""
    ) -> None:
        """``window``: milliseconds for which the key counts."""
        self.words += (key, window, digest, len(events))
        self.groups += 1
        self.events += len(events)
        for event in events:
            found = arguments(event)
            self.words += found
            self.bytes += len(found[2])

    @property
    def done(self) -> bool:
        return self.answer is not None and self.answer.done()


class RedisPublisher:
    """A ``SharedPublisher``. ``events`` and ``seconds``: what each bot's history keeps."""

    def __init__(self, link: Link, bus: EventBus, *, events: int, seconds: float) -> None:
        window = max(int(seconds * 1000), 1)
        self._key_window = window
        self._row_window = max(window, int(LEAST_ROW_SECONDS * 1000))
        names = link.names
        self._adopt = link.adopt
        self._bounds = (names(), events, window, MAX_BOTS)
        self._script = script(link.client, PUBLISH, names("bus"))
        self._bus = bus
        self._waiting: deque[_Call] = deque()
        self._tasks = Tasks()
        self._sending = False

    async def publish(
        self, events: Sequence[Event], *, sub: str = "", key: str | None = None, body: bytes = b""
    ) -> list[str]:
        name, digest = "", ""
        if key is not None:
            # Both are the client's words: hashed they are short, and none can be another's.
            name = "post:" + sha256(f"{sub}\0{key}".encode()).hexdigest()
            digest = sha256(body).hexdigest()
        call = self._begin()
        call.add(events, name, self._key_window, digest)
        (first,) = await self._call(call)
        if first is None:
            raise Conflict(OTHER_BODY)
        self._count(events)
        return first.run(len(events))

    async def publish_rows(self, rows: Sequence[Row]) -> list[str]:
        if not rows:
            return []
        call = self._begin()
        for row in rows:
            call.add([row.event], f"row:{row.key}", self._row_window, "-")
        ids = [str(first) for first in await self._call(call)]
        self._count([row.event for row in rows])
        return ids

    def post(self, event: Event) -> None:
        call = self._begin()
        call.add([event])
        self._put(call)
        self._count([event])

    def cursor(self) -> str:
        return self._bus.cursor()

    async def close(self) -> None:
        """Send what waits, for as long as one command may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await self._tasks.settled()
        await self._tasks.close()

    def _begin(self) -> _Call:
        return _Call(asyncio.get_running_loop().time())

    def _count(self, events: Sequence[Event]) -> None:
        for event in events:
            self._bus.published[str(event.__struct_config__.tag)] += 1

    async def _call(self, call: _Call) -> list[Cursor | None]:
        call.answer = answer = asyncio.get_running_loop().create_future()
        self._put(call)
        try:
            async with asyncio.timeout(SECONDS):
                found: list[Cursor | None] = await answer
                return found
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None

    def _put(self, call: _Call) -> None:
        self._waiting.append(call)
        if not self._sending:
            self._sending = True
            self._tasks.start(self._send_waiting(), "Publishing to Redis")

    async def _send_waiting(self) -> None:
        try:
            while calls := self._batch():
                try:
                    async with bounded():
                        answers = await self._send([word for call in calls for word in call.words])
                except Unavailable as error:
                    _fail(calls, error)
                else:
                    _resolve(calls, answers)
        finally:
            self._sending = False

    def _batch(self) -> list[_Call]:
        """Calls that somebody still waits for, oldest first."""
        calls: list[_Call] = []
        events = size = 0
        oldest = asyncio.get_running_loop().time() - SECONDS
        while self._waiting:
            call = self._waiting[0]
            if call.done or call.since < oldest:
                self._waiting.popleft()
                continue
            events += call.events
            size += call.bytes
            if calls and (events > BATCH_EVENTS or size > BATCH_BYTES):
                break
            calls.append(self._waiting.popleft())
        return calls

    async def _send(self, words: list[Any]) -> list[Cursor | None]:
        try:
            answers = await self._script((*self._bounds, *words))
        except ResponseError as error:
            if "NOEPOCH" not in str(error):
                raise
            # Somebody emptied it: nothing of this was published.
            await self._adopt()
            answers = await self._script((*self._bounds, *words))
        return [_cursor(answer) for answer in answers]


def _cursor(answer: bytes) -> Cursor | None:
    if answer == b"conflict":
        return None
    epoch, seq = answer.split()
    return Cursor(epoch.decode(), int(seq))


def _resolve(calls: list[_Call], answers: list[Cursor | None]) -> None:
    begin = 0
    for call in calls:
        found = answers[begin : begin + call.groups]
        begin += call.groups
        if call.answer is not None and not call.answer.done():
            call.answer.set_result(found)


def _fail(calls: list[_Call], error: Unavailable) -> None:
    for call in calls:
        if call.answer is not None and not call.answer.done():
            call.answer.set_exception(error)
