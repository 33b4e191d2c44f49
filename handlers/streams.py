"""/api/streams: who is connected, and ending a connection."""

from handlers.base import BaseHandler
from services.streams.registry import Streams


class StreamsHandler(BaseHandler):
    streams: Streams

    def get(self) -> None:
        self.reply({"streams": self.streams.visible_to(self.claims())})


class OneStreamHandler(BaseHandler):
    streams: Streams

    def delete(self, stream_id: str) -> None:
        self.streams.end(stream_id, self.claims())
        self.reply_empty()
