"""Pages of a store with a past: what one costs, and how long it takes while messages arrive."""

import json
import random
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.parse import quote

from bench.filling import fill
from bench.measuring import percentile
from bench.peers import Peer
from bench.phone import Phone, linked_bots, written
from bench.readers import Reader, read_beside
from bench.scale import Scale
from bench.scenarios.scenario import MILLI, Figures, LostDeliveries, Measure, Scenario
from bench.server import Server, running

BOTS = 8
READERS = 20
ARRIVING = 100  # messages a second
# Costs are compared with those of a store with as many chats and a tenth of the messages.
SMALLER = 10


def snapshot(peer: Peer, scale: Scale) -> Figures:
    small = costs(scale.snapshot_chats, scale.snapshot_messages // SMALLER, scale, 0)
    figures = costs(scale.snapshot_chats, scale.snapshot_messages, scale, scale.snapshot_seconds)
    return {**figures, "growth": max(figures[name] / small[name] for name in small)}


def costs(chats: int, messages: int, scale: Scale, seconds: float) -> Figures:
    """CPU of each kind of page, ms; with ``seconds`` also the times under load."""
    with tempfile.TemporaryDirectory(prefix="pulso-bench-") as kept:
        folder = Path(kept)
        with running(Phone(), folder=folder) as server:
            bots = linked_bots(server, BOTS)
        ids = fill(folder / "data" / "pulso.db", bots, chats, messages)
        with running(Phone(), folder=folder) as server:
            pages = _Pages(bots, ids, messages)
            figures = {
                name: _cost(server, ask, scale.snapshot_pages)
                for name, ask in (
                    ("chats", pages.chats),
                    ("messages", pages.messages),
                    ("search", pages.search),
                )
            }
            if seconds:
                figures |= _under_load(server, pages, bots, seconds)
    return figures


class _Pages:
    """Targets of requests, one after the other."""

    def __init__(self, bots: list[str], ids: list[str], messages: int) -> None:
        self._of_all = "&".join(f"botId={bot}" for bot in bots)
        self._ids = ids
        self._number_of_messages = messages
        self._chance = random.Random(11)
        self._searches = count()

    def chats(self) -> str:
        return f"/api/sessions?{self._of_all}&limit=50"

    def messages(self) -> str:
        return f"/api/sessions/{self._chance.choice(self._ids)}/messages?limit=50"

    def search(self) -> str:
        """In turn: a name, a number, a word of one message, a word of many."""
        chat = self._chance.randrange(len(self._ids))
        words = (
            f"Cliente {chat}",
            f"52155{chat:08}",
            f"folio {self._chance.randrange(self._number_of_messages):06}",
            "Devolucion",
        )
        return f"{self.chats()}&q={quote(words[next(self._searches) % len(words)])}"


def _cost(server: Server, ask: Callable[[], str], pages: int) -> float:
    reader = Reader(server)
    for _ in range(4):
        _has_rows(reader.get(ask()))
    before = server.cpu()
    for _ in range(pages):
        reader.get(ask())
    spent = server.cpu() - before
    reader.close()
    return spent / pages * MILLI


def _has_rows(body: bytes) -> None:
    page = json.loads(body)
    if not (page.get("sessions") or page.get("messages")):
        raise LostDeliveries(f"A page is empty: {body[:200]!r}")


def _under_load(server: Server, pages: _Pages, bots: list[str], seconds: float) -> Figures:
    numbers = count()
    posts = (written(bots[number % BOTS], number) for number in numbers)
    before = server.cpu()
    times = read_beside(server, pages.chats, posts, readers=READERS, rate=ARRIVING, seconds=seconds)
    core = (server.cpu() - before) / seconds * 100
    return {
        "p99": percentile(times.answers, 0.99) * MILLI,
        "slowest": max(times.answers) * MILLI,
        "stored": max(times.messages) * MILLI,
        "answers": len(times.answers) / seconds,
        "core": core,
    }


SNAPSHOT = Scenario(
    "snapshot",
    "Pages of 10,000 chats with 200,000 messages; 20 readers while 100 messages a second arrive",
    ("pulso",),
    {
        "chats": Measure("CPU of a page of 50 chats", "ms"),
        "messages": Measure("CPU of a page of a chat's messages", "ms"),
        "search": Measure("CPU of a search", "ms"),
        "growth": Measure("Against a tenth of the messages, the worst of these", "×"),
        "p99": Measure("Under load: a page of chats, p99", "ms"),
        "slowest": Measure("Under load: the slowest page of chats", "ms"),
        "stored": Measure("Under load: the slowest message until its 202", "ms"),
        "answers": Measure("Under load: pages a second", "/s"),
        "core": Measure("Under load: share of a core", "%"),
    },
    snapshot,
)
