"""What a bot's days were like, for the bots' page and its chart."""

import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime

import msgspec

from services.bus.events import Origin
from services.store import figures
from services.store.database import Connection
from services.store.ledger import Ledger

DAY = 86_400


class Sent(msgspec.Struct, frozen=True):
    """How many messages of ours, by who wrote them."""

    bot: int = 0
    operator: int = 0
    phone: int = 0


class Day(msgspec.Struct, frozen=True, rename={"received": "in", "sent": "out"}, kw_only=True):
    """One day: ``in`` how many messages of customers, ``out`` of ours, in how many ``chats``.

    ``medianSeconds`` to a person's answer; null where no person answered anybody.
    """

    date: str
    chats: int
    received: int
    sent: Sent
    median_seconds: float | None = msgspec.field(name="medianSeconds")


class Figures:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def days(self, bot_id: str, days: int, offset: int = 0) -> list[Day]:
        """The last days, the newest last; ``offset``: minutes of the caller's clock ahead of UTC.

        Days without anything are there, too.
        """
        ahead = offset * 60
        last = int((time.time() + ahead) // DAY)
        first = last - days + 1
        values = {"bot_id": bot_id, "since": first * DAY - ahead, "ahead": ahead}

        def read(connection: Connection) -> list[Day]:
            received: dict[int, int] = defaultdict(int)
            sent: dict[int, dict[Origin, int]] = defaultdict(dict)
            for row in figures.counted(connection, **values):
                if not row.from_me:
                    received[row.day] += row.messages
                elif row.origin is not None:
                    sent[row.day][row.origin] = row.messages
            chats = {row.day: row.chats for row in figures.chats(connection, **values)}
            waited: dict[int, list[float]] = defaultdict(list)
            for row in figures.waited(connection, **values):
                waited[row.day].append(row.waited)
            return [
                Day(
                    date=datetime.fromtimestamp(day * DAY, UTC).date().isoformat(),
                    chats=chats.get(day, 0),
                    received=received[day],
                    sent=Sent(**sent[day]),
                    median_seconds=_median(waited[day]),
                )
                for day in range(first, last + 1)
            ]

        return await self._ledger.read(read)


def _median(seconds: list[float]) -> float | None:
    return round(statistics.median(seconds), 1) if seconds else None
