"""Files of messages are fetched when they arrive, so that they outlive WhatsApp's link to them.

What is still to be fetched is in the messages' rows, so that no stop and no crash forgets it. A
file that WhatsApp no longer has, or that is too large, is given up, and its message says so; other
trouble passes, and is tried again while the bot is connected, and whenever it connects.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from services.bus.events import MessageUpdated
from services.errors import TooLarge, Unavailable
from services.media.store import MediaStore
from services.store import discards, message_files, messages, sessions
from services.store.ledger import Change, Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import MediaGone, MediaUnavailable

AT_ONCE = 4  # downloads in the background; one that a person waits for comes on top
PAGE = 50
# Seconds until what failed is tried again; the last one repeats.
PATIENCE = (5.0, 30.0, 300.0, 900.0)

log = logging.getLogger(__name__)


class Downloads(Protocol):
    """A gateway that can fetch files."""

    async def download(
        self, bot_id: str, media: Mapping[str, object], path: Path, limit: int
    ) -> None: ...


class _Bot:
    """The work for one bot. ``failed``: what is not to be tried before the pause is over."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self.failed: set[int] = set()


class Fetching:
    """``gateway`` fetches what the store's messages describe; ``store`` keeps it."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: Downloads,
        store: MediaStore,
        is_connected: Callable[[str], bool],
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._store = store
        self._is_connected = is_connected
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._bots: dict[str, _Bot] = {}
        self._under_way: dict[int, asyncio.Task[str]] = {}
        self.tasks = Tasks()

    async def close(self) -> None:
        """What is not here yet is fetched after the next start."""
        await self.tasks.close()
        for fetch in list(self._under_way.values()):
            fetch.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def file_of(
        self, media: Mapping[str, object] | None
    ) -> tuple[dict[str, Any] | None, str | None]:
        """What is stored of a message's media, and for its file: ``""``, to be fetched, or None."""
        if media is None:
            return None, None
        if media.get("download") is None:
            return {**media}, None
        if isinstance(size := media.get("size"), int) and size > self._store.limit:
            kept = {name: value for name, value in media.items() if name != "download"}
            return {**kept, "missing": "too-large"}, None
        return {**media}, ""

    def begin(self, bot_id: str) -> None:
        """Something of this bot is to be fetched, or may have been left by a stop."""
        if self.tasks.closed:
            return
        if bot_id in self._bots:
            self._bots[bot_id].more.set()
            return
        self._bots[bot_id] = _Bot()
        self.tasks.start(self._fetch_all(bot_id, self._bots[bot_id]), f"Files of {bot_id}")

    async def fetch(self, row: Any, *, lost: str | None = None) -> str:
        """Fetch one message's file now, once for all who ask; its key. MediaUnavailable.

        ``lost``: the key under which it was kept, and is no more.
        """
        fetch = self._under_way.get(row.seq)
        if fetch is None:
            fetch = asyncio.ensure_future(self._fetch(row, lost))
            self._under_way[row.seq] = fetch
            fetch.add_done_callback(lambda done: self._done(row.seq, done))
        # Who leaves, leaves the others their file.
        return await asyncio.shield(fetch)

    def _done(self, seq: int, fetch: asyncio.Task[str]) -> None:
        del self._under_way[seq]
        if not fetch.cancelled():
            fetch.exception()  # whoever asked has it, and may have left

    async def _fetch_all(self, bot_id: str, bot: _Bot) -> None:
        loop = asyncio.get_running_loop()
        attempt, again_at = 0, 0.0
        try:
            while self._is_connected(bot_id):
                bot.more.clear()
                is_over = await self._pass(bot_id, bot)
                if bot.more.is_set():
                    continue
                if is_over and not bot.failed:
                    break
                if not again_at:
                    again_at = loop.time() + PATIENCE[min(attempt, len(PATIENCE) - 1)]
                try:
                    async with asyncio.timeout_at(again_at):
                        await bot.more.wait()
                except TimeoutError:
                    bot.failed.clear()
                    attempt, again_at = attempt + 1, 0.0
        finally:
            del self._bots[bot_id]

    async def _pass(self, bot_id: str, bot: _Bot) -> bool:
        """Everything once, the newest first: somebody may be about to look at it.

        False where the store could not be read.
        """
        before: int | None = None
        while True:
            page = partial(message_files.to_fetch, bot_id=bot_id, before=before, limit=PAGE)
            try:
                rows = await self._ledger.read(page)
            except Unavailable:
                return False
            if not rows:
                return True
            before = rows[-1].seq
            tried = (self._try(row, bot) for row in rows if row.seq not in bot.failed)
            await asyncio.gather(*tried)

    async def _try(self, row: Any, bot: _Bot) -> None:
        async with self._turn:
            try:
                await self.fetch(row)
            except MediaGone:
                pass
            except (MediaUnavailable, Unavailable) as error:
                log.info("The file of %s is tried again: %s", row.id, error)
                bot.failed.add(row.seq)

    async def _fetch(self, row: Any, lost: str | None) -> str:
        # Who asks has read the row a moment ago; the file may have come since.
        key = await self._ledger.read(partial(message_files.file_of, seq=row.seq))
        if key and key != lost:
            return key
        try:
            with self._store.spooled() as path:
                await self._gateway.download(row.bot_id, row.media, path, self._store.limit)
                kept = await self._store.keep(row.bot_id, path)
        except TooLarge:
            raise await self._given_up(row, MediaGone("too-large")) from None
        except MediaGone as error:
            raise await self._given_up(row, error) from None

        def store(change: Change) -> None:
            if not message_files.set_file(change.connection, row.seq, kept.key):
                # It was deleted meanwhile, or somebody else was first.
                discards.add(change.connection, kept.key)

        await self._ledger.change(store, bot=row.bot_id)
        return kept.key

    async def _given_up(self, row: Any, error: MediaGone) -> MediaGone:
        def store(change: Change) -> None:
            if message_files.set_missing(change.connection, row, error.missing):
                version = sessions.raise_version(change.connection, row.session_id)
                now = messages.get(change.connection, row.session_id, row.id)
                change.publish(
                    MessageUpdated(
                        bot_id=row.bot_id,
                        session_id=row.session_id,
                        message=messages.message_of(now),
                        session_version=version,
                    )
                )

        await self._ledger.change(store, bot=row.bot_id)
        return error
