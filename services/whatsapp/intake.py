"""From the gateway's sink to the services, bot by bot in the order things happened.

The sink never waits; whoever feeds it may wait for what it gives back, and so be held back. A
bot's events are taken one after the other, but for messages, their changes and acks, of which
those that wait are handed to the store together; bots don't wait for each other. Where the store
is out of reach the event waits for it. One that can't be dealt with is logged, and the next is
taken.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.errors import Unavailable
from services.whatsapp.gateway import Acked, GatewayEvent, MessageArrived, MessageChanged

log = logging.getLogger(__name__)

# Seconds between attempts, on top of the 5 s that the store itself waits; the last one repeats.
PATIENCE = (0.2, 1.0, 5.0, 15.0)
# What changes the store and nothing else: a run of these is one group of changes, in their order.
GROUPED = (MessageArrived, MessageChanged, Acked)
LONGEST_RUN = 64

Taker = Callable[[Any], Awaitable[None]]


class _Fed:
    __slots__ = ("done", "event")

    def __init__(self, event: GatewayEvent, done: "asyncio.Future[bool]") -> None:
        self.event = event
        self.done = done


class Intake:
    """One queue a bot, and a task for as long as there is something in it."""

    def __init__(self) -> None:
        self._takers: Mapping[type[GatewayEvent], Taker] = {}
        self._waiting: dict[str, deque[_Fed]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def open(self, takers: Mapping[type[GatewayEvent], Taker]) -> None:
        """Each event goes to the one taker of its type; one without a taker is dropped."""
        self._takers = takers

    def feed(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        """The sink. Done once the event is dealt with; False where it is lost or comes too late."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._closed:
            done.set_result(False)
            return done
        waiting = self._waiting.get(event.bot_id)
        if waiting is not None:
            waiting.append(_Fed(event, done))
            return done
        self._waiting[event.bot_id] = deque([_Fed(event, done)])
        self._tasks[event.bot_id] = task = asyncio.ensure_future(self._consume(event.bot_id))
        task.add_done_callback(lambda ended: self._forget(event.bot_id, ended))
        return done

    async def settled(self) -> None:
        """Return once all that was fed is dealt with."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def settled_of(self, bot_id: str) -> None:
        """Return once all that was fed of this bot is dealt with."""
        while (task := self._tasks.get(bot_id)) is not None:
            await asyncio.wait([task])

    async def close(self, seconds: float = 5.0) -> None:
        """Deal with what has come, for this long at most, and take nothing more."""
        self._closed = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _forget(self, bot_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(bot_id) is task:
            del self._tasks[bot_id]

    async def _consume(self, bot_id: str) -> None:
        waiting = self._waiting[bot_id]
        run: list[_Fed] = []
        try:
            while waiting:
                run = _next_run(waiting)
                await self._take_run(bot_id, run)
                run = []
        finally:
            del self._waiting[bot_id]
            left = [fed for fed in (*run, *waiting) if not fed.done.done()]
            for fed in left:
                fed.done.set_result(False)
            if left:
                log.error("Bot %s: %d events were not stored before the stop", bot_id, len(left))

    async def _take_run(self, bot_id: str, run: list[_Fed]) -> None:
        attempt = 0
        while run:
            # Tasks begin in this order, and a change takes its place at their first step.
            outcomes = await asyncio.gather(
                *(self._take(fed.event) for fed in run), return_exceptions=True
            )
            waits: list[_Fed] = []
            for fed, outcome in zip(run, outcomes, strict=True):
                if isinstance(outcome, Unavailable):
                    waits.append(fed)
                elif isinstance(outcome, Exception):
                    name = type(fed.event).__name__
                    log.error("Bot %s: %s is lost", bot_id, name, exc_info=outcome)
                    fed.done.set_result(False)
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    fed.done.set_result(True)
            if waits:
                log.warning("Bot %s: %d events wait for the store", bot_id, len(waits))
                await asyncio.sleep(PATIENCE[min(attempt, len(PATIENCE) - 1)])
                attempt += 1
            run = waits

    async def _take(self, event: GatewayEvent) -> None:
        take = self._takers.get(type(event))
        if take is not None:
            await take(event)


def _next_run(waiting: deque[_Fed]) -> list[_Fed]:
    run = [waiting.popleft()]
    if isinstance(run[0].event, GROUPED):
        while waiting and len(run) < LONGEST_RUN and isinstance(waiting[0].event, GROUPED):
            run.append(waiting.popleft())
    return run
