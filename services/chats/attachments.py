"""A file that somebody sends: kept first, then a message's, as what its bytes say that it is."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from services.media.kinds import sent_as
from services.media.store import MediaStore
from services.store import discards
from services.store.ledger import Change, Ledger
from services.text import CONTROL
from services.whatsapp.gateway import OutgoingFile

MOST_NAME = 200


class Given(msgspec.Struct, frozen=True):
    """A file at a path, by what its sender says of it: nothing of that is believed."""

    path: Path
    name: str
    mimetype: str
    voice: bool = False
    width: int | None = None
    height: int | None = None
    seconds: int | None = None


class Attachment(msgspec.Struct, frozen=True):
    """A kept file: its key, and its message's type and media."""

    key: str
    kind: str
    media: dict[str, Any]


class Attachments:
    def __init__(self, ledger: Ledger, store: MediaStore) -> None:
        self._ledger = ledger
        self._store = store

    async def keep(self, bot_id: str, given: Given) -> Attachment:
        """Keep a file of this bot. TooLarge, Unavailable."""
        kept = await self._store.keep(bot_id, given.path)
        kind, mimetype = sent_as(kept.key.rpartition(".")[2], given.mimetype)
        media: dict[str, Any] = {"mimetype": mimetype, "size": kept.size, "name": _name(given.name)}
        if kind in ("image", "video"):
            media |= {"width": given.width, "height": given.height}
        if kind in ("audio", "video"):
            media["seconds"] = given.seconds
        if kind == "audio":
            media["voice"] = given.voice and mimetype == "audio/ogg"
        shown = {name: value for name, value in media.items() if value is not None}
        return Attachment(kept.key, kind, shown)

    async def drop(self, attachment: Attachment) -> None:
        """No message has it after all."""

        def note(change: Change) -> None:
            discards.add(change.connection, attachment.key)

        await self._ledger.change(note)

    @asynccontextmanager
    async def outgoing(self, attachment: Attachment) -> AsyncIterator[OutgoingFile]:
        """The file on this machine's disk, to be sent. NotFound, Unavailable."""
        media = attachment.media
        async with self._store.local(attachment.key) as path:
            yield OutgoingFile(
                path=str(path),
                kind=attachment.kind,
                mimetype=str(media.get("mimetype")),
                name=media.get("name"),
                voice=bool(media.get("voice")),
            )


def _name(given: str) -> str | None:
    name = re.split(r"[\\/]", CONTROL.sub("", given))[-1].strip()
    return name[-MOST_NAME:] or None
