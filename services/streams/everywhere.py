"""The streams of all processes: how many a user has, who is connected, ending and renewing one.

Each process says every second how many streams each of its users has; one that is silent for
``FORGET_SECONDS`` has none. What is about one stream is asked of every process that is heard.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from services.access.operators import Operators
from services.access.tokens import Claims
from services.errors import NotFound, Refusal, Unavailable
from services.streams.registry import Streams
from services.tasks import Tasks

if TYPE_CHECKING:
    from services.bus.redis.notices import Notices
    from services.bus.redis.requests import Requests

REPORT_SECONDS = 1.0
FORGET_SECONDS = 3.5
ASK_SECONDS = 2.0
COUNTS, COUNT = "streams", "streams:count"
STREAMS, END, RENEW = "streams:list", "streams:end", "streams:renew"

log = logging.getLogger(__name__)


class _Report(msgspec.Struct, frozen=True, array_like=True):
    process: str
    counts: dict[str, int]


class _AboutOne(msgspec.Struct, frozen=True, array_like=True):
    stream_id: str
    claims: Claims


class Everywhere:
    """``streams`` are those of this process, which may be alone."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._requests: Requests | None = None
        # By process: when it was heard last, and how many streams which of its users has.
        self._others: dict[str, tuple[float, dict[str, int]]] = {}
        self._tasks = Tasks()

    def join(self, notices: Notices, requests: Requests, operators: Operators) -> None:
        """Be one of several from now on."""
        self._requests = requests
        notices.takers[COUNTS] = self._heard
        self._tasks.start(self._report(notices), "Reports of streams")

        async def renew(said: bytes) -> bytes:
            about = msgspec.msgpack.decode(said, type=_AboutOne)
            # Its sign-in may have been refreshed elsewhere, too.
            await operators.find(about.claims)
            return msgspec.msgpack.encode(self._renew(about.stream_id, about.claims))

        async def count(said: bytes) -> bytes:
            sub = said.decode()
            report = _Report(notices.me, {sub: self._streams.per_user[sub]})
            return msgspec.msgpack.encode(report)

        requests.answers |= {
            COUNT: count,
            STREAMS: self._answer_all,
            END: self._answer_end,
            RENEW: renew,
        }

    async def close(self) -> None:
        await self._tasks.close()

    def count(self, sub: str) -> int:
        """How many streams a user has in other processes, as of a second ago."""
        return sum(counts.get(sub, 0) for _, counts in self._heard_lately())

    async def recount(self, sub: str) -> None:
        """Ask how many streams a user has in other processes right now."""
        for answer in await self._ask_all(COUNT, sub.encode()):
            if isinstance(answer, bytes):
                now = msgspec.msgpack.decode(answer, type=_Report)
                self._others[now.process] = (
                    time.monotonic(),
                    {**self._others.get(now.process, (0.0, {}))[1], **now.counts},
                )

    async def visible_to(self, claims: Claims) -> list[dict[str, Any]]:
        """Every stream for an admin, their own for everyone else, as ``GET /api/streams``."""
        found = self._streams.visible_to(claims)
        for answer in await self._ask_all(STREAMS, msgspec.msgpack.encode(claims)):
            if isinstance(answer, bytes):
                found += msgspec.msgpack.decode(answer)
        return found

    async def end(self, stream_id: str, claims: Claims) -> None:
        """Revoke a stream. NotFound for what isn't there and for other people's; Unavailable."""
        try:
            self._streams.end(stream_id, claims)
        except NotFound:
            await self._elsewhere(END, stream_id, claims)

    async def renew(self, stream_id: str, claims: Claims) -> float | None:
        """As ``Streams.renew``: when the stream ends now; None: never. Unavailable."""
        try:
            return self._renew(stream_id, claims)
        except NotFound:
            answer = await self._elsewhere(RENEW, stream_id, claims)
            return msgspec.msgpack.decode(answer, type=float | None)

    async def _elsewhere(self, topic: str, stream_id: str, claims: Claims) -> bytes:
        """The one answer of whoever has the stream, or its refusal."""
        said = msgspec.msgpack.encode(_AboutOne(stream_id, claims))
        answers = await self._ask_all(topic, said)
        for answer in answers:
            if isinstance(answer, bytes):
                return answer
        # A refusal of whoever has it says more than that others have not.
        for answer in answers:
            if isinstance(answer, Refusal) and not isinstance(answer, NotFound):
                raise answer
        raise NotFound("No such stream")

    async def _ask_all(self, topic: str, said: bytes) -> list[bytes | BaseException]:
        if self._requests is None:
            return []
        ask = self._requests.ask
        answers = await asyncio.gather(
            *(ask(process, topic, said, ASK_SECONDS) for process in self._processes()),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, Unavailable):
                log.warning("A process does not report its streams: %s", answer.message)
        return answers

    def _renew(self, stream_id: str, claims: Claims) -> float | None:
        return self._streams.renew(stream_id, claims).claims.exp

    async def _answer_all(self, said: bytes) -> bytes:
        claims = msgspec.msgpack.decode(said, type=Claims)
        return msgspec.msgpack.encode(self._streams.visible_to(claims))

    async def _answer_end(self, said: bytes) -> bytes:
        about = msgspec.msgpack.decode(said, type=_AboutOne)
        self._streams.end(about.stream_id, about.claims)
        return b""

    async def _report(self, notices: Notices) -> None:
        while True:
            report = _Report(notices.me, dict(self._streams.per_user))
            notices.notify_all(COUNTS, msgspec.msgpack.encode(report))
            await asyncio.sleep(REPORT_SECONDS)

    def _heard(self, said: bytes) -> None:
        report = msgspec.msgpack.decode(said, type=_Report)
        self._others[report.process] = (time.monotonic(), report.counts)

    def _heard_lately(self) -> Iterable[tuple[str, dict[str, int]]]:
        earliest = time.monotonic() - FORGET_SECONDS
        for process, (heard, counts) in list(self._others.items()):
            if heard < earliest:
                del self._others[process]
            else:
                yield process, counts

    def _processes(self) -> list[str]:
        return [process for process, _ in self._heard_lately()]
