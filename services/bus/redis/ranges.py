"""Reads what bots have published after a seq, by ``range.lua``."""

import time
from collections.abc import Callable, Mapping

import msgspec

from services.bus.redis.link import Link
from services.bus.redis.scripts import RANGE, script
from services.bus.redis.wire import Range, kept_range

# By bot the seq after which its events are asked for; None: only where its newest is.
Asked = Mapping[str, int | None]


LOST = "Redis has lost what was published"


class OutOfStep(Exception):
    """What comes from Redis is not what must come next; the text says in which way."""


class Ranges(msgspec.Struct, frozen=True):
    """As of ``seq``, the newest of all."""

    seq: int
    by_bot: dict[str, Range]


class RangeReader:
    """``seconds``: what a history keeps."""

    def __init__(
        self, link: Link, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._script = script(link.client, RANGE, link.names("bus"))
        self._prefix = link.names()
        self._window = max(int(seconds * 1000), 1)
        self._clock = clock

    async def read(self, epoch: str, asked: Asked, marker: tuple[str, str]) -> Ranges:
        """``marker``: a channel and what is published on it right with the reading.

        OutOfStep where the epoch is another.
        """
        arguments: list[str | int] = [self._prefix, epoch, self._window, *marker]
        for bot_id, after in asked.items():
            arguments += (bot_id, "" if after is None else after)
        answer = await self._script(arguments)
        if len(answer) == 1:
            raise OutOfStep(LOST)
        shift = self._clock() - int(answer[2]) / 1000
        ranges = {
            bot_id: kept_range(epoch, bot_id, reply, shift)
            for bot_id, reply in zip(asked, answer[3:], strict=True)
        }
        return Ranges(int(answer[1]), ranges)
