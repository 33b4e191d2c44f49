"""Requests being answered, so that a shutdown can wait for their answers. Streams don't count."""

import asyncio


class InFlight:
    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        self._count += 1
        self._none.clear()

    def end(self) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    async def settle(self, seconds: float) -> None:
        """Until every answer is out, for this long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            pass
