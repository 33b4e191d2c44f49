"""One file of a message, fetched by the WhatsApp process and read from where it put it."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from services.whatsapp.baileys.child import Child, ChildGone
from services.whatsapp.gateway import MediaUnavailable

UP_PATIENCE = 5.0  # seconds for the process to take commands
PATIENCE = 40.0  # seconds for one file; the process gives up after 30


class Downloads:
    """Files pass through ``folder`` and don't stay; the process removes what a kill left."""

    def __init__(self, child: Child, folder: Path) -> None:
        self._child = child
        self._folder = folder

    async def fetch(self, bot_id: str, media: Mapping[str, object], limit: int) -> bytes:
        """The file that ``media`` describes, decrypted, of ``limit`` bytes at most.

        MediaUnavailable where there is none, it is too large, or WhatsApp no longer has it.
        """
        download = media.get("download")
        if download is None:
            raise MediaUnavailable("This message has no file")
        unusable = self._child.start()
        if unusable is not None:
            raise MediaUnavailable(unusable)
        path = (self._folder / f".media-{secrets.token_hex(8)}").absolute()
        try:
            async with asyncio.timeout(UP_PATIENCE):
                await self._child.up()
            async with asyncio.timeout(PATIENCE):
                await self._child.ask(
                    "media", botId=bot_id, download=download, path=str(path), limit=limit
                )
            return await asyncio.to_thread(path.read_bytes)
        except (ChildGone, TimeoutError):
            raise MediaUnavailable("The WhatsApp process is starting; try again") from None
        except RuntimeError as error:
            raise MediaUnavailable(str(error)) from None
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
