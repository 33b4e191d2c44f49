"""One process asks another and waits for its answer, for so long and no longer."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from services.bus.redis.notices import Notices
from services.errors import Conflict, Forbidden, NotFound, Refusal, Unavailable
from services.tasks import Tasks

SECONDS = 5.0  # for an answer
NOBODY = "That process does not answer; try again"
# Refusals that pass from there to here as they are.
KINDS: dict[str, type[Refusal]] = {kind.__name__: kind for kind in (Conflict, Forbidden, NotFound)}

log = logging.getLogger(__name__)

Answer = Callable[[bytes], Awaitable[bytes]]


class _Request(msgspec.Struct, frozen=True, array_like=True):
    process: str
    number: str
    topic: str
    said: bytes


class _Reply(msgspec.Struct, frozen=True, array_like=True):
    number: str
    said: bytes
    refusal: tuple[str, str] | None = None  # its kind and its text


class Requests:
    """``answers`` by topic: what this process answers to others."""

    def __init__(self, notices: Notices) -> None:
        self.answers: dict[str, Answer] = {}
        self._notices = notices
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._life = secrets.token_hex(4)
        self._numbers = itertools.count()
        self._tasks = Tasks()
        notices.takers["request"] = self._asked
        notices.takers["reply"] = self._replied

    async def close(self) -> None:
        """Answer nothing more."""
        await self._tasks.close()

    async def ask(self, process: str, topic: str, said: bytes, seconds: float = SECONDS) -> bytes:
        """What that process answers, or its refusal. Unavailable where none comes in time."""
        number = f"{self._life}-{next(self._numbers)}"
        request = _Request(self._notices.me, number, topic, said)
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            async with asyncio.timeout(seconds):
                await self._notices.notify(process, "request", msgspec.msgpack.encode(request))
                return await answered
        except TimeoutError:
            raise Unavailable(NOBODY) from None
        finally:
            del self._waiting[number]

    def _asked(self, said: bytes) -> None:
        request = msgspec.msgpack.decode(said, type=_Request)
        if not self._tasks.closed:
            self._tasks.start(self._answer(request), f"Answering {request.topic}")

    async def _answer(self, request: _Request) -> None:
        number = request.number
        try:
            reply = _Reply(number, await self.answers[request.topic](request.said))
        except Refusal as refusal:
            reply = _Reply(number, b"", (type(refusal).__name__, refusal.message))
        except Exception:
            log.exception("A request of another process failed")
            reply = _Reply(number, b"", ("", ""))
        try:
            await self._notices.notify(request.process, "reply", msgspec.msgpack.encode(reply))
        except Unavailable as error:
            log.info("An answer to another process is lost: %s", error.message)

    def _replied(self, said: bytes) -> None:
        reply = msgspec.msgpack.decode(said, type=_Reply)
        waiting = self._waiting.get(reply.number)
        if waiting is None or waiting.done():
            return
        if reply.refusal is None:
            waiting.set_result(reply.said)
        else:
            kind, text = reply.refusal
            waiting.set_exception(KINDS.get(kind, Unavailable)(text or NOBODY))
