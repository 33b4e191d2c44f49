"""/api/streams: who is connected, and ending a connection."""

import msgspec

from handlers.base import BaseHandler
from handlers.calls import call
from services.errors import NotFound, Unavailable
from services.streams.everywhere import Everywhere


class OpenStream(msgspec.Struct, frozen=True, rename="camel"):
    """A stream, what it has reached of ``head``, and what waits for it."""

    stream_id: str
    sub: str
    bots: list[str]
    since: str
    last_id: str
    head: str
    queued_events: int
    queued_bytes: int
    last_write_age: float


class StreamList(msgspec.Struct, frozen=True):
    """The open streams: everyone's for an admin, else one's own."""

    streams: list[OpenStream]


class StreamsHandler(BaseHandler):
    streams: Everywhere

    @call(200)
    async def get(self) -> StreamList:
        """Who is connected."""
        found = await self.streams.visible_to(self.claims())
        return StreamList(msgspec.convert(found, list[OpenStream]))


class OneStreamHandler(BaseHandler):
    streams: Everywhere

    @call(204, refuses=(NotFound, Unavailable))
    async def delete(self, stream_id: str) -> None:
        """End a stream with ``revoked``."""
        await self.streams.end(stream_id, self.claims())
