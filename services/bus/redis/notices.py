"""What processes say to each other over Redis: notices to all, and to one. Any may be lost.

Redis carries them at most once. Whatever hangs on one has another way: a look at the store every
few seconds, a limit to how long an answer is waited for.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from redis.exceptions import RedisError

from services.bus.redis.connection import Names, bounded, make_client
from services.errors import Unavailable
from services.tasks import Tasks

PAUSE_SECONDS = 1.0  # between attempts to subscribe
# Asked for with each silence: a connection that is dead does not say so.
SILENT_SECONDS = 5.0

log = logging.getLogger(__name__)

Taker = Callable[[bytes], None]


class Notices:
    """``me`` names this process: notices are for all (each but the sender gets them), or for one.

    ``takers`` by topic; each takes what was said, at once, and may not wait.
    """

    def __init__(self, url: str, me: str) -> None:
        self.me = me
        self.takers: dict[str, Taker] = {}
        self._client: Any = make_client(url)
        self._names = Names(url)
        self._all = self._names("processes")
        self._tasks = Tasks()
        self._listening = asyncio.Event()
        # What may have been missed is looked for by whoever waits for it.
        self.on_subscribed: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Listen from now on; the first attempt is waited for."""
        self._tasks.start(self._run(), "Listening to the other processes")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._listening.wait()

    async def close(self) -> None:
        await self._tasks.close()
        await self._client.aclose()

    def notify_all(self, topic: str, said: bytes = b"") -> None:
        """Best effort, and nobody waits."""
        if not self._tasks.closed:
            self._tasks.start(self._notify_all(topic, said), f"Notifying of {topic}")

    async def notify(self, process: str, topic: str, said: bytes) -> None:
        """Unavailable where that process does not listen, or Redis does not answer."""
        async with bounded():
            count = await self._client.publish(self._channel(process), self._frame(topic, said))
        if not count:
            raise Unavailable("That process does not answer; try again")

    async def _notify_all(self, topic: str, said: bytes) -> None:
        with contextlib.suppress(Unavailable):
            async with bounded():
                await self._client.publish(self._all, self._frame(topic, said))

    def _channel(self, process: str) -> str:
        return self._names("process", process)

    def _frame(self, topic: str, said: bytes) -> bytes:
        return msgspec.msgpack.encode((self.me, topic, said))

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("The other processes can't be heard: %s", error)
            self._listening.clear()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        async with self._client.pubsub() as channels:
            await channels.subscribe(self._all, self._channel(self.me))
            waiting = {self._all.encode(), self._channel(self.me).encode()}
            is_silent = False
            while True:
                item = await channels.get_message(timeout=SILENT_SECONDS)
                if item is None:
                    if is_silent:
                        raise TimeoutError("nothing comes any more")
                    is_silent = True
                    await channels.ping()
                    continue
                is_silent = False
                if item["type"] == "subscribe":
                    waiting.discard(item["channel"])
                    if not waiting and not self._listening.is_set():
                        self._listening.set()
                        for callback in self.on_subscribed:
                            callback()
                elif item["type"] == "message":
                    self._take(item["data"])

    def _take(self, frame: bytes) -> None:
        try:
            sender, topic, said = msgspec.msgpack.decode(frame, type=tuple[str, str, bytes])
            taker = self.takers.get(topic)
            if taker is not None and sender != self.me:
                taker(said)
        except Exception:
            log.exception("What another process said could not be taken")
