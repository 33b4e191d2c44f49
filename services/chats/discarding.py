"""Files that nothing refers to any more are removed: of deleted messages and of deleted bots."""

import asyncio
import logging

from services.errors import Unavailable
from services.media.store import MediaStore
from services.store import discards, message_files
from services.store.ledger import Ledger

EVERY_SECONDS = 60.0
AT_ONCE = 100

log = logging.getLogger(__name__)


async def discard(ledger: Ledger, store: MediaStore, every: float = EVERY_SECONDS) -> None:
    """Look every so often what is to go; for as long as it is not cancelled."""
    while True:
        try:
            await discard_once(ledger, store)
        except Unavailable as error:
            log.warning("Files to remove wait: %s", error)
        await asyncio.sleep(every)


async def discard_once(ledger: Ledger, store: MediaStore) -> None:
    """Remove what is to go; what can't go yet stays noted. Unavailable."""
    for key in await ledger.read(lambda connection: discards.oldest(connection, AT_ONCE)):
        await _discard(ledger, store, key)


async def _discard(ledger: Ledger, store: MediaStore, key: str) -> None:
    bot_id, _, name = key.partition("/")
    is_used = name != "" and await ledger.read(
        lambda connection: message_files.is_kept_for(connection, bot_id, key)
    )
    # The same file may just have come again, and its message not be stored yet: then later.
    if is_used or await store.remove(key):
        await ledger.change(lambda change: discards.remove(change.connection, key))
