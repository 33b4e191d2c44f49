"""What comes from Redis to this process: the events of the bots that its readers follow.

One connection carries all their channels, so that events come in the order in which the script
published them. Pub/sub loses in silence what is published while that connection is down: so
whenever anything is not as it must be (the connection breaks, an event does not follow the one
before it, the epoch is another, nothing comes for too long) a new connection is made, and what was
missed is read from the bots' histories. There is no other way of recovering.

Histories are read with a marker that comes on the same connection (``range.lua``): what comes
before it is in the answer, what comes after it is not. So the seam is exact.
"""

import asyncio
import itertools
import logging
import secrets
from collections.abc import Coroutine, Iterable

from redis.exceptions import RedisError

from services.bus.cursor import Cursor
from services.bus.redis.arrivals import Arrivals
from services.bus.redis.channels import Channels
from services.bus.redis.connection import UNAVAILABLE, bounded
from services.bus.redis.following import Following
from services.bus.redis.link import Link
from services.bus.redis.ranges import LOST, Asked, OutOfStep, RangeReader, Ranges, parts, together
from services.bus.redis.shared_bus import SharedBus
from services.errors import Unavailable
from services.tasks import Tasks

TICK_SECONDS = 1.0
# Between two attempts to connect: the first, and the longest.
PAUSES = (0.05, 1.0)
# What was missed is read in steps of so many seqs.
STEP_EVENTS = 10_000
# What is read for a resume may be gone again at once: the history is bounded in bytes.
ATTEMPTS = 3

log = logging.getLogger("pulso.redis")


class _Join:
    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Question:
    """Ranges that are being read. ``answer``: None where that failed; ``taken``: they are in."""

    def __init__(self, asked: Asked) -> None:
        loop = asyncio.get_running_loop()
        self.asked = asked
        self.answer: asyncio.Future[Ranges | None] = loop.create_future()
        self.taken: asyncio.Future[None] = loop.create_future()

    def fail(self) -> None:
        if not self.taken.done():
            self.taken.set_exception(Unavailable(UNAVAILABLE))


class Feed:
    """Fills ``bus``. ``seconds``: what each bot's history keeps."""

    def __init__(self, link: Link, bus: SharedBus, *, seconds: float) -> None:
        self._link = link
        self._bus = bus
        self._ranges = RangeReader(link, seconds)
        self._following = Following(bus, link.names)
        self._own = link.names("process", secrets.token_hex(8))
        self._epochs = link.names("epoch").encode()
        self._ends = link.names("end").encode()
        self._joins: list[_Join] = []
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._markers = itertools.count()
        self._questions: dict[bytes, _Question] = {}
        self._arrivals = Arrivals(bus)
        self._tasks = Tasks()

    async def open(self) -> None:
        """Begin to follow. Unavailable where Redis does not answer."""
        async with bounded():
            self._bus.begin(*await self._link.adopt())
        self._tasks.start(self._run(), "Following Redis")
        async with bounded():
            await self._ready.wait()

    async def close(self) -> None:
        """Deliver what has come; nothing comes after it."""
        await self._tasks.close()
        self._arrivals.hand_over()

    async def join(self, bots: Iterable[str], last_event_id: str | None) -> None:
        """Have what a stream of these bots needs: subscribe it then without awaiting anything.

        Unavailable where that needs Redis, and it does not answer.
        """
        cursor = Cursor.parse(last_event_id) if last_event_id is not None else None
        bots = tuple(bots)
        async with bounded():
            for attempt in range(ATTEMPTS):
                asked = self._following.missing(bots, cursor)
                if asked is None:
                    # Where it begins from now, that is after whatever has been acknowledged.
                    from_now = cursor is None or cursor.epoch != self._bus.seen[0]
                    if attempt or not from_now or not self.works:
                        return
                    asked = {}
                join = _Join(asked)
                self._joins.append(join)
                self._wake.set()
                await join.done

    @property
    def works(self) -> bool:
        """Whether events come as they are published."""
        return self._ready.is_set()

    async def answers(self) -> None:
        """Return once something went to Redis and came back as events do; or Unavailable."""
        if not self.works:
            raise Unavailable(UNAVAILABLE)
        try:
            async with bounded():
                await self._ask({})
        except OutOfStep as error:
            raise Unavailable(UNAVAILABLE) from error

    async def _run(self) -> None:
        pause, longest = PAUSES
        away = False
        while True:
            try:
                async with Channels(self._link) as channels:
                    await self._catch_up(channels)
                    if away:
                        log.info("Events come from Redis again")
                    pause, away = PAUSES[0], False
                    await self._follow(channels)
            except (RedisError, OSError, TimeoutError, Unavailable, OutOfStep) as error:
                if not away:
                    reason = str(error.__cause__ or error) or "no answer in time"
                    log.warning("Events don't come from Redis: %s", reason)
                away = True
            finally:
                self._ready.clear()
                self._arrivals.hand_over()
                for question in self._questions.values():
                    question.fail()  # its marker will not come
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _catch_up(self, channels: Channels) -> None:
        """On a new connection: settle the epoch, subscribe, and read what was missed."""
        following, bus = self._following, self._bus
        async with bounded():
            epoch, seq = await self._link.adopt()
            if epoch != bus.seen[0]:
                following.restart(epoch, seq)
        following.forget_unjoined()
        reported: dict[str, int] = {}
        while following.channels and seq - bus.seq > STEP_EVENTS:
            seq = await self._catch_up_to(bus.seq + STEP_EVENTS, reported)
        async with bounded():
            ours = (self._own.encode(), self._epochs, self._ends)
            await channels.subscribe([*ours, *following.channels])
            while await channels.next() is not None:
                pass
            asked = following.all_after(bus.seq, reported)
            marker = self._marker()
            found = await self._ranges.read(bus.seen[0], asked, (self._own, marker))
            # What comes before the marker is in the ranges.
            await self._skip(channels, marker.encode())
            following.catch_up(found)
        self._ready.set()

    async def _catch_up_to(self, seq: int, reported: dict[str, int]) -> int:
        """A part of what was missed, since all may be much. The seq that Redis is at."""
        asked = self._following.all_after(self._bus.seq, reported)
        async with bounded():
            marker = (self._own, self._marker())
            found = await self._ranges.read(self._bus.seen[0], asked, marker, seq)
        reported |= dict.fromkeys(self._following.catch_up(found), found.newest)
        return found.newest

    async def _skip(self, channels: Channels, marker: bytes) -> None:
        while message := await channels.next():
            channel, payload = message
            if channel == self._epochs:
                self._check_epoch(payload)
            elif channel == self._own.encode() and payload == marker:
                return

    def _check_epoch(self, announced: bytes) -> None:
        if announced != self._bus.seen[0].encode():
            raise OutOfStep(LOST)

    async def _follow(self, channels: Channels) -> None:
        await _beside(
            self._read(channels), self._serve_joins(channels), self._keep_checking(channels)
        )

    async def _read(self, channels: Channels) -> None:
        own, ends = self._own.encode(), self._ends
        while True:
            message = await channels.next()
            if message is None:
                continue
            channel, payload = message
            if channel == own:
                await self._on_marker(payload)
            elif channel == self._epochs:
                self._check_epoch(payload)
            elif channel == ends:
                self._arrivals.hand_over_soon()
            elif (found := self._following.event(channel, payload)) is not None:
                self._arrivals.add(*found)

    async def _on_marker(self, marker: bytes) -> None:
        question = self._questions.pop(marker, None)
        if question is None:
            return
        found = await question.answer
        if found is not None:
            self._arrivals.hand_over()
            self._following.take_in(question.asked, found)
            if not question.taken.done():
                question.taken.set_result(None)

    async def _ask(self, asked: Asked) -> Ranges:
        """Read these ranges; they have been taken in when this returns.

        A process that is behind comes to the marker late: that is no reason to begin anew.
        """
        question, marker = _Question(asked), self._marker()
        self._questions[marker.encode()] = question
        try:
            async with bounded():
                found = await self._ranges.read(self._bus.seen[0], asked, (self._own, marker))
            question.answer.set_result(found)
            await question.taken
            return found
        finally:
            self._questions.pop(marker.encode(), None)
            if not question.answer.done():
                question.answer.set_result(None)

    async def _serve_joins(self, channels: Channels) -> None:
        while True:
            self._wake.clear()
            # Those that wait are asked together; what the last connection left is among them.
            self._joins = [join for join in self._joins if not join.done.done()]
            joins = tuple(self._joins)
            if not joins:
                await self._wake.wait()
                continue
            asked = together(join.asked for join in joins)
            await channels.subscribe(self._following.add(asked))
            await channels.confirmed()
            for part in parts(asked):
                await self._ask(part)
            for join in joins:
                if not join.done.done():
                    join.done.set_result(None)

    async def _keep_checking(self, channels: Channels) -> None:
        """Each second: both connections work, the epoch is the same, the counter goes on."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            seq = self._bus.seq
            if (await self._ask({})).seq < seq:
                raise OutOfStep(LOST)
            await channels.unsubscribe(self._following.leave_idle())

    def _marker(self) -> str:
        return str(next(self._markers))


async def _beside(*work: Coroutine[None, None, None]) -> None:
    """Run these beside each other until one of them ends; the others are cancelled then."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # what it was that ended
    finally:
        # redis-py may swallow a cancellation that meets a time limit of its own.
        while running := [task for task in tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=0.1)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # one is enough to report
