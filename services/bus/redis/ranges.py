"""Reads what bots have published after a seq, by ``range.lua``."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from services.bus.redis.link import Link
from services.bus.redis.scripts import RANGE, script
from services.bus.redis.wire import Range, kept_range

# Bots that are asked for in one reading.
STEP_BOTS = 20

# By bot the seq after which its events are asked for; None: only where its newest is.
Asked = Mapping[str, int | None]


LOST = "Redis has lost what was published"


class OutOfStep(Exception):
    """What comes from Redis is not what must come next; the text says in which way."""


class Ranges(msgspec.Struct, frozen=True):
    """Events up to ``seq``; ``newest`` is that of all bots."""

    seq: int
    newest: int
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

    async def read(
        self, epoch: str, asked: Asked, marker: tuple[str, str], up_to: int | None = None
    ) -> Ranges:
        """``marker``: a channel and what is published on it right with the reading.

        ``up_to``: no events after this seq; None: all there are.

        OutOfStep where the epoch is another.
        """
        arguments: list[str | int] = [self._prefix, epoch, self._window, *marker]
        arguments.append("+" if up_to is None else up_to)
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
        newest = int(answer[1])
        return Ranges(newest if up_to is None else up_to, newest, ranges)


def together(questions: Iterable[Asked]) -> Asked:
    """One question for several: of each bot as much as any of them asks for."""
    together: dict[str, int | None] = {}
    for asked in questions:
        for bot_id, after in asked.items():
            earlier = together.get(bot_id)
            if after is None or earlier is None:
                together[bot_id] = earlier if after is None else after
            else:
                together[bot_id] = min(earlier, after)
    return together


def parts(asked: Asked) -> Iterator[Asked]:
    """In pieces that Redis answers soon; one at least, for its marker."""
    items = list(asked.items())
    for begin in range(0, max(len(items), 1), STEP_BOTS):
        yield dict(items[begin : begin + STEP_BOTS])
