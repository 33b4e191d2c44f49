"""The files of messages, for people who may read the chat: kept here, and made safe to serve."""

from typing import Any

import msgspec

from services.chats.fetching import Fetching
from services.chats.snapshots import May, everyone, visible
from services.errors import NotFound
from services.media.kinds import shown_as
from services.media.store import MediaStore, Opened, Part
from services.store import messages
from services.store.database import Connection
from services.store.ledger import Ledger
from services.whatsapp.gateway import MediaGone, MediaUnavailable

OCTETS = "application/octet-stream"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as the sender chose it, or None; ``shown``: in the page, else saved to disk.

    ``digest`` names the content: another one, another file.
    """

    opened: Opened
    mimetype: str
    name: str | None
    shown: bool
    digest: str


class Media:
    """``fetching`` gets what ``store`` does not have yet."""

    def __init__(self, ledger: Ledger, store: MediaStore, fetching: Fetching) -> None:
        self._ledger = ledger
        self._store = store
        self._fetching = fetching

    async def file(
        self, session_id: str, message_id: str, may: May = everyone, part: Part | None = None
    ) -> File:
        """The file of one message, or a part of it. NotFound says why there is none."""

        def read(connection: Connection) -> Any:
            visible(connection, session_id, may)
            return messages.get(connection, session_id, message_id)

        row = await self._ledger.read(read)
        if row is None:
            raise NotFound("No such message")
        if row.file is None:
            if missing := (row.media or {}).get("missing"):
                error = MediaGone(missing)
                raise NotFound(str(error))
            raise NotFound("This message has no file")
        try:
            key, opened = await self._open(row, part)
        except MediaUnavailable as error:
            raise NotFound(str(error)) from None
        digest, _, kind = key.rpartition("/")[2].partition(".")
        shown = shown_as(kind, str(row.media.get("mimetype", "")))
        return File(
            opened=opened,
            mimetype=shown or OCTETS,
            name=row.media.get("name"),
            shown=shown is not None,
            digest=digest,
        )

    async def _open(self, row: Any, part: Part | None) -> tuple[str, Opened]:
        lost: str | None = None
        if row.file:
            try:
                return row.file, await self._store.file(row.file, part)
            except NotFound:
                # Somebody emptied the place where files are kept: WhatsApp may have it still.
                if "download" not in row.media:
                    raise
                lost = row.file
        key = await self._fetching.fetch(row, lost=lost)
        return key, await self._store.file(key, part)
