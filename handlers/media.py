"""GET /api/sessions/{id}/messages/{messageId}/media: the file of a message."""

from urllib.parse import quote

from handlers.base import BaseHandler
from handlers.calls import call
from services.chats.media import Media
from services.errors import NotFound, Unavailable

FRESH_SECONDS = 3600  # a file never changes, but its reader may lose the right to it


class MediaHandler(BaseHandler):
    media: Media

    @call(200, media="application/octet-stream", refuses=(NotFound, Unavailable))
    async def get(self, session_id: str, message_id: str) -> None:
        """The file of a message, with its own type."""
        claims = self.claims()
        file = await self.media.file(session_id, message_id, claims.may)
        self.set_header("Content-Type", file.mimetype)
        self.set_header("Content-Disposition", disposition(file.name, shown=file.shown))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", f"private, max-age={FRESH_SECONDS}")
        self.finish(file.content)


def disposition(name: str | None, *, shown: bool) -> str:
    """RFC 6266, with the name as RFC 8187 encodes it: nothing of it reaches the header raw."""
    kind = "inline" if shown else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}" if name else kind
