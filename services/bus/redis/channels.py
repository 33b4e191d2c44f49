"""The channels of some bots, on one connection: messages come in the order they were published."""

import asyncio
from collections.abc import Iterable
from typing import Any

from services.bus.redis.link import Link
from services.bus.redis.ranges import OutOfStep

# Something comes each second: the feed asks for it.
SILENT_SECONDS = 5.0
# Names in one command.
_TOGETHER = 1000


class Channels:
    """Open for the length of an ``async with``. One task reads; cancelled, it breaks it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._connection: Any = None
        self._unconfirmed: set[bytes] = set()
        self._confirmed = asyncio.Event()

    async def __aenter__(self) -> "Channels":
        self._connection = await self._link.connection()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.disconnect(nowait=True)

    async def subscribe(self, channels: Iterable[bytes]) -> None:
        """Ask for their messages. By one at a time: ``confirmed`` before the next."""
        self._unconfirmed = set(channels)
        if self._unconfirmed:
            self._confirmed.clear()
            await self._send("SUBSCRIBE", tuple(self._unconfirmed))

    async def confirmed(self) -> None:
        """Return once whatever was subscribed is; another task reads meanwhile."""
        await self._confirmed.wait()

    async def unsubscribe(self, channels: Iterable[bytes]) -> None:
        """Ask for no more messages; some may still come."""
        await self._send("UNSUBSCRIBE", tuple(channels))

    async def next(self) -> tuple[bytes, bytes] | None:
        """A message: its channel and what it says. None: what was subscribed is confirmed."""
        while True:
            item = await self._connection.read_response(timeout=SILENT_SECONDS)
            if item is None:
                raise OutOfStep("nothing comes any more")
            if item[0] == b"message":
                return item[1], item[2]
            if item[0] == b"subscribe":
                self._unconfirmed.discard(item[1])
                if not self._unconfirmed:
                    self._confirmed.set()
                    return None

    async def _send(self, command: str, channels: tuple[bytes, ...]) -> None:
        for begin in range(0, len(channels), _TOGETHER):
            await self._connection.send_command(command, *channels[begin : begin + _TOGETHER])
