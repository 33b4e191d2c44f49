"""GET /api/sessions/{id}/messages/{messageId}/media: the file of a message."""

import re
from contextlib import suppress
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from handlers.base import BaseHandler
from handlers.calls import call
from services.chats.media import File, Media
from services.errors import NotFound, Unavailable
from services.media.store import Part

FRESH_SECONDS = 3600  # a file never changes, but its reader may lose the right to it


class MediaHandler(BaseHandler):
    media: Media

    @call(
        200,
        206,
        304,
        416,
        media="application/octet-stream",
        headers=("Range", "If-Range", "If-None-Match"),
        refuses=(NotFound, Unavailable),
    )
    async def get(self, session_id: str, message_id: str) -> None:
        """The file of a message, with its own type; parts of it, so that a player can seek."""
        claims = self.claims()
        part = part_of(self.request.headers.get("Range", ""))
        file = await self.media.file(session_id, message_id, claims.may, part)
        tag = f'"{file.digest}"'
        if part is not None and self.request.headers.get("If-Range", tag) != tag:
            part = None
            file = await self.media.file(session_id, message_id, claims.may)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("ETag", tag)
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", f"private, max-age={FRESH_SECONDS}")
        if tag in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
            return
        self._describe(file, part)
        await self._write(file)

    def _describe(self, file: File, part: Part | None) -> None:
        """RFC 9110 §14: all of it, a part, or that there is no such part."""
        opened = file.opened
        self.set_header("Content-Type", file.mimetype)
        self.set_header("Content-Disposition", disposition(file.name, shown=file.shown))
        self.set_header("Content-Length", opened.end - opened.first)
        if part is None:
            return
        if opened.first == opened.end:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{opened.size}")
        else:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {opened.first}-{opened.end - 1}/{opened.size}")

    async def _write(self, file: File) -> None:
        # A client that leaves is no error; one that takes nothing is dropped by the listener.
        with suppress(StreamClosedError):
            async for chunk in file.opened.chunks:
                self.write(chunk)
                await self.flush()
        self.finish()


def part_of(header: str) -> Part | None:
    """The one part that a ``Range`` header asks for; None for all of it.

    Several parts at once, other units and what can't be read are all of it: RFC 9110 §14.2.
    """
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", header.strip())
    if found is None or found[0].endswith("=-"):
        return None
    first, last = found.groups()
    if not first:
        return Part(None, int(last))
    if not last:
        return Part(int(first))
    return Part(int(first), int(last) + 1) if int(last) >= int(first) else None


def disposition(name: str | None, *, shown: bool) -> str:
    """RFC 6266, with the name as RFC 8187 encodes it: nothing of it reaches the header raw."""
    kind = "inline" if shown else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}" if name else kind
