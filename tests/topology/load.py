"""A load on a topology and the account of it: what was acknowledged, and what each client saw."""

import asyncio
import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import jwt

from tests.running import SECRET
from tests.topology.roaming import Address, Publisher, Roamer

# How long everything acknowledged may take to be everywhere once all parts are up again.
SETTLE_SECONDS = 30.0


def token(sub: str, **claims: object) -> str:
    return jwt.encode({"sub": sub, **claims}, SECRET, algorithm="HS256")


class Load:
    """Clients and publishers in a thread with a loop of its own, from ``start`` to ``stop``."""

    def __init__(
        self,
        address: Address,
        bots: Sequence[str],
        *,
        clients: int,
        publishers: int,
        pause: float = 0.05,
        stays: bool = False,
    ) -> None:
        self.bots = bots
        self._pause = pause
        self.roamers = [
            # One of all bots, one of each single one, and so on.
            Roamer(
                address,
                bots if number % 2 == 0 else [bots[number // 2 % len(bots)]],
                token(f"reader-{number}"),
                stays=stays,
            )
            for number in range(clients)
        ]
        self.publishers = [
            # Its keys are its own over all tests that share a topology.
            Publisher(
                f"w{number}-{secrets.token_hex(4)}",
                address,
                bots,
                token(f"writer-{number}", publish=True),
            )
            for number in range(publishers)
        ]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._begun = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> "Load":
        self._thread.start()
        assert self._begun.wait(30), "the clients are not connected"
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Bring home what is being published, wait for it to be everywhere, hang up."""
        if self._thread.is_alive():
            assert self._loop is not None
            assert self._stop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(2 * SETTLE_SECONDS)
            assert not self._thread.is_alive(), "a body is still not acknowledged"
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        readers = [asyncio.create_task(roamer.run()) for roamer in self.roamers]
        try:
            # A client that was never connected has no id to go on from.
            await _until(lambda: all(roamer.last_id for roamer in self.roamers))
            self._begun.set()
            async with asyncio.TaskGroup() as group:
                for publisher in self.publishers:
                    group.create_task(publisher.run(self._pause, self._stop))
            # What is missing then is said by `wrong`.
            await _until(lambda: not self.missing())
        except BaseException as error:
            self._error = error
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    def acknowledged(self, bot: str) -> set[str]:
        return {content for one in self.publishers for content in one.acknowledged[bot]}

    def missing(self) -> list[str]:
        """What a client has neither seen nor got a gap for."""
        found = []
        for number, roamer in enumerate(self.roamers):
            reported = {gap.json["botId"] for gap in roamer.gaps}
            seen = {event.json["message"]["content"] for event in roamer.seen}
            for bot in roamer.bots:
                lost = self.acknowledged(bot) - seen
                if lost and bot not in reported:
                    found.append(f"client {number}, {bot}: {sorted(lost)[:5]} of {len(lost)}")
        return found

    def wrong(self, *, twice: Callable[[str], bool] = lambda content: False) -> list[str]:
        """Every way in which a client saw something else than was acknowledged, and once.

        ``twice``: contents that may be there twice, under ids of their own.
        """
        found = self.missing()
        for number, roamer in enumerate(self.roamers):
            ids = [event.id for event in roamer.seen]
            if any(after <= before for before, after in itertools.pairwise(ids)):
                found.append(f"client {number}: ids don't increase")
            contents = [event.json["message"]["content"] for event in roamer.seen]
            often = Counter(contents)
            doubles = [one for one, times in often.items() if times > 1 and not twice(one)]
            if doubles:
                found.append(f"client {number}: twice {doubles[:5]}")
            found += self._out_of_order(number, roamer)
        return found

    def _out_of_order(self, number: int, roamer: Roamer) -> list[str]:
        found = []
        newest: dict[tuple[str, str], int] = {}
        for event in roamer.seen:
            bot = event.json["botId"]
            writer, _, written = event.json["message"]["content"].partition(":")
            if int(written) < newest.get((bot, writer), -1):
                found.append(f"client {number}: {bot} {writer}:{written} late")
            newest[bot, writer] = int(written)
        return found


async def _until(holds: Callable[[], bool]) -> None:
    """Return once it holds, or after ``SETTLE_SECONDS``."""
    end = time.monotonic() + SETTLE_SECONDS
    while not holds() and time.monotonic() < end:  # noqa: ASYNC110 - nothing of ours sets an event
        await asyncio.sleep(0.05)
