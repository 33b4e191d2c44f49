"""Clients that roam over the processes and publishers that never give up: what a load is made of.

Each client keeps its last id as a browser does and goes on from it at another process; each
publisher repeats a body under its idempotency key until it is acknowledged.
"""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import httpx

from tests.running import message
from tests.sse_reader import Dispatched, SSEParser

# How long one connection is kept before its client goes on elsewhere.
STAY_SECONDS = (0.3, 2.0)
# How soon one that has lost its connection dials again.
RETRY_SECONDS = 0.1
DIAL_SECONDS = 2.0
# Longer than this without a byte and a line is dead: 2.5 beats of a second.
SILENT_SECONDS = 2.5

# Host and port of one process or another, or of who stands before them.
Address = Callable[[], tuple[str, int]]


class Roamer:
    """One client of some bots. ``seen``: the published events, in the order they came."""

    def __init__(
        self, address: Address, bots: Sequence[str], token: str, *, stays: bool = False
    ) -> None:
        self._address = address
        self.bots = bots
        self._token = token
        self._stays = stays
        self.last_id = ""
        self.seen: list[Dispatched] = []
        self.gaps: list[Dispatched] = []
        self.connections = 0
        # The longest time without a stream that said it is connected, in seconds.
        self.longest_dark = 0.0
        self._lost_at = time.monotonic()
        self._retry = RETRY_SECONDS

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            self._retry = RETRY_SECONDS
            with contextlib.suppress(OSError, EOFError, TimeoutError, ValueError):
                await self._follow()
            await asyncio.sleep(self._retry)

    async def _follow(self) -> None:
        async with asyncio.timeout(DIAL_SECONDS):
            reader, writer = await asyncio.open_connection(*self._address())
        connected = False
        try:
            query = [("botId", bot) for bot in self.bots] + [("token", self._token)]
            lines = [f"GET /events/stream?{urlencode(query)} HTTP/1.1", "Host: 127.0.0.1"]
            if self.last_id:
                lines.append(f"Last-Event-ID: {self.last_id}")
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            async with asyncio.timeout(DIAL_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                return
            parser = SSEParser()
            parser.last_id = self.last_id
            until = time.monotonic() + random.uniform(*STAY_SECONDS)
            while self._stays or time.monotonic() < until:
                async with asyncio.timeout(SILENT_SECONDS):
                    chunk = await _chunk(reader)
                for event in parser.feed(chunk):
                    kind = event.json.get("type")
                    if kind == "closing":
                        # As a browser: what the server says of when to come back counts.
                        self._retry = (parser.retry or 0) / 1000
                        return
                    if kind == "connected" and not connected:
                        connected = True
                        self.connections += 1
                        self._note_dark()
                    self._take(event, kind)
        finally:
            if connected:
                self._lost_at = time.monotonic()
            writer.close()

    def _note_dark(self) -> None:
        self.longest_dark = max(self.longest_dark, time.monotonic() - self._lost_at)

    def _take(self, event: Dispatched, kind: str | None) -> None:
        if event.id:
            self.last_id = event.id
        if kind == "gap":
            self.gaps.append(event)
        elif event.type == "message" and kind == "message:received":
            self.seen.append(event)


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """One chunk of a chunked body (RFC 9112 §7.1). EOFError at its end."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    data = await reader.readexactly(size + 2)
    if size == 0:
        raise EOFError
    return data[:-2]


class Publisher:
    """Writes numbered events of its bots, one or a few at a time, each until it is taken.

    ``acknowledged``: contents a bot, in the order they were answered with 202.
    """

    def __init__(self, name: str, address: Address, bots: Sequence[str], token: str) -> None:
        self.name = name
        self._address = address
        self._bots = bots
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._numbers = itertools.count()
        self.acknowledged: dict[str, list[str]] = {bot: [] for bot in bots}
        self.refused: Counter[str] = Counter()
        # The longest that one body had to wait for its 202, in seconds.
        self.longest_wait = 0.0

    async def run(self, pause: float, stop: asyncio.Event) -> None:
        """Publish every ``pause`` seconds; what is under way at ``stop`` is still brought home."""
        async with httpx.AsyncClient(timeout=5) as client:
            while not stop.is_set():
                await self._publish(client, random.randint(1, 4))
                await asyncio.sleep(random.uniform(0, 2 * pause))

    async def _publish(self, client: httpx.AsyncClient, count: int) -> None:
        numbers = [next(self._numbers) for _ in range(count)]
        contents = [(random.choice(self._bots), f"{self.name}:{number}") for number in numbers]
        body = json.dumps([message(bot, content) for bot, content in contents])
        headers = {**self._headers, "Idempotency-Key": f"{self.name}-{numbers[0]}"}
        began = time.monotonic()
        while True:
            try:
                host, port = self._address()
                url = f"http://{host}:{port}/events"
                answer = await client.post(url, content=body, headers=headers)
                if answer.status_code == 202:
                    break
                assert answer.status_code in (502, 503, 504), answer.text
                self.refused[str(answer.status_code)] += 1
            except httpx.HTTPError as error:
                self.refused[type(error).__name__] += 1
            await asyncio.sleep(RETRY_SECONDS)
        self.longest_wait = max(self.longest_wait, time.monotonic() - began)
        for bot, content in contents:
            self.acknowledged[bot].append(content)
