"""One file of a message, fetched and decrypted by the WhatsApp process."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from services.whatsapp.baileys.child import Child, ChildGone
from services.whatsapp.gateway import MediaGone, MediaUnavailable

UP_PATIENCE = 5.0  # seconds for the process to take commands
PATIENCE = 40.0  # seconds for one file; the process gives up after 30

# What node/media.js says where trying again is of no use.
GONE = {
    "The file is too large": "too-large",
    "The file is damaged": "damaged",
    "The file is not on WhatsApp's servers": "gone",
    "WhatsApp no longer has the file": "gone",
}


class Downloads:
    """Through ``child``."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def fetch(self, bot_id: str, media: Mapping[str, object], path: Path, limit: int) -> None:
        """As ``Gateway.download``; ``path`` is absolute, since the process has its own folder."""
        download = media.get("download")
        if download is None:
            raise MediaGone("gone")
        unusable = self._child.start()
        if unusable is not None:
            raise MediaUnavailable(unusable)
        try:
            async with asyncio.timeout(UP_PATIENCE):
                await self._child.up()
            async with asyncio.timeout(PATIENCE):
                await self._child.ask(
                    "media",
                    botId=bot_id,
                    download=download,
                    path=str(path),
                    limit=limit,
                )
        except (ChildGone, TimeoutError):
            raise MediaUnavailable("The WhatsApp process is starting; try again") from None
        except RuntimeError as error:
            if (missing := GONE.get(str(error))) is not None:
                raise MediaGone(missing) from None
            raise MediaUnavailable(str(error)) from None
