"""What a gateway emitted, kept in order, to be awaited."""

import asyncio
from collections.abc import Callable
from typing import Any

from services.whatsapp.gateway import GatewayEvent

PATIENCE = 20.0  # seconds; a machine under load makes 800 keys at a pairing


class Heard:
    """A sink. ``until`` reads on from where the last one stopped."""

    def __init__(self) -> None:
        self.events: list[GatewayEvent] = []
        self._place = 0
        self._more = asyncio.Event()

    def __call__(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        self.events.append(event)
        self._more.set()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done

    async def until(
        self, kind: type, where: Callable[[Any], bool] = lambda _: True, **fields: object
    ) -> Any:
        """The next event of this kind, with these fields, that ``where`` is true of."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    while self._place < len(self.events):
                        event = self.events[self._place]
                        self._place += 1
                        if (
                            isinstance(event, kind)
                            and all(getattr(event, name) == it for name, it in fields.items())
                            and where(event)
                        ):
                            return event
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} {fields} in {self.events}") from None

    def of(self, kind: type, **fields: object) -> list[Any]:
        """Every event of this kind with these fields, from the beginning."""
        return [
            event
            for event in self.events
            if isinstance(event, kind)
            and all(getattr(event, name) == it for name, it in fields.items())
        ]
