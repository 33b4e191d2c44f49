"""The files of messages, for people who may read the chat: fetched, and made safe to serve.

A file comes from a stranger and goes to an operator's browser, under our own origin: what a
browser would run or render as a page (HTML, SVG, …) is never served as that.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from services.chats.snapshots import May, everyone, visible
from services.errors import NotFound
from services.store import messages
from services.store.database import Connection
from services.store.ledger import Ledger
from services.whatsapp.gateway import MediaUnavailable

LIMIT = 32 * 1024 * 1024  # bytes; WhatsApp's own limit for what is not a document is 16 MB
AT_ONCE = 4  # downloads, each of which may hold its file in memory

# What browsers show without running anything in it.
SHOWN = {
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/ogg",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/amr",
    "video/mp4",
    "video/3gpp",
}


class File(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as the sender chose it, or None; ``shown``: in the page, else saved to disk."""

    content: bytes
    mimetype: str
    name: str | None
    shown: bool


class Downloads(Protocol):
    """A gateway that can fetch files."""

    async def download(self, bot_id: str, media: Mapping[str, object], limit: int) -> bytes: ...


class Media:
    """``gateway`` fetches what the store's messages describe."""

    def __init__(self, ledger: Ledger, gateway: Downloads) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def file(self, session_id: str, message_id: str, may: May = everyone) -> File:
        """The file of one message. NotFound says why there is none."""

        def read(connection: Connection) -> Any:
            visible(connection, session_id, may)
            return messages.get(connection, session_id, message_id)

        row = await self._ledger.read(read)
        if row is None:
            raise NotFound("No such message")
        media: dict[str, Any] = row.media or {}
        async with self._turn:
            try:
                content = await self._gateway.download(row.bot_id, media, LIMIT)
            except MediaUnavailable as error:
                raise NotFound(str(error)) from None
        mimetype = str(media.get("mimetype", "")).partition(";")[0].strip().lower()
        shown = mimetype in SHOWN
        return File(
            content=content,
            mimetype=mimetype if shown else "application/octet-stream",
            name=media.get("name"),
            shown=shown,
        )
