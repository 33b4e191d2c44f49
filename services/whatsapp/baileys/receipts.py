"""Tells the WhatsApp process what is stored, so that it can let go of that.

What is stored in the same turn of the loop is one command a bot. An event that was lost is not
acknowledged: it stays in the outbox, and comes again with the bot's next start.
"""

import asyncio
from collections import defaultdict

from services.whatsapp.baileys.child import Child


class Receipts:
    """Acknowledges entries of the outboxes once they are dealt with."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._stored: defaultdict[str, list[str]] = defaultdict(list)

    def when(self, done: "asyncio.Future[bool]", bot_id: str, entry: str) -> None:
        """Acknowledge the entry once ``done`` is True."""
        done.add_done_callback(lambda future: self._done(future, bot_id, entry))

    def _done(self, future: "asyncio.Future[bool]", bot_id: str, entry: str) -> None:
        if future.cancelled() or not future.result():
            return
        if not self._stored:
            asyncio.get_running_loop().call_soon(self._send)
        self._stored[bot_id].append(entry)

    def _send(self) -> None:
        stored, self._stored = self._stored, defaultdict(list)
        for bot_id, entries in stored.items():
            self._child.tell("stored", botId=bot_id, entries=entries)
