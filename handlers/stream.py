"""GET /events/stream: one coroutine a connection, which runs its stream to the end.

``on_connection_close`` only wakes it: what is open is given back by ``with``.
"""

from contextlib import suppress
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.util import ObjectDict

from handlers.base import PulsoHandler
from handlers.calls import call
from handlers.requests.query import StreamQuery
from services.access.tokens import Claims
from services.bus.events import is_bot_id
from services.errors import Forbidden, Invalid, Unavailable
from services.server import logs
from services.streams.registry import Streams, soft_refusal
from services.streams.stream import Stream

# A proxy that can turn to another process says so, and hears a status of what only this one lacks.
ELSEWHERE = "X-Pulso-Elsewhere"
PASSING = frozenset({"shutdown", "overloaded"})


class StreamHandler(PulsoHandler):
    streams: Streams
    max_bots: int
    stream: Stream | None = None

    @call(
        200,
        media="text/event-stream",
        query=StreamQuery,
        headers=("Last-Event-ID",),
        refuses=(Forbidden, Unavailable),
    )
    async def get(self) -> None:
        """Follow bots: their events as they come; docs/asyncapi.json has them all."""
        claims, bots = self._read()
        last_event_id = self._last_event_id()
        if self.streams.prepares:
            reason = await self.streams.prepare(claims.sub, bots, last_event_id)
        else:
            reason = self.streams.refusal(claims.sub)
        if reason in PASSING and self.request.headers.get(ELSEWHERE):
            raise Unavailable("This process takes no streams now")
        self._set_stream_headers()
        if reason is not None:
            with suppress(StreamClosedError):  # who is refused may have left
                await self.finish(soft_refusal(reason))
            return
        connection: Any = self.request.connection
        if connection.stream.closed():
            return  # it left while the request was read
        chunked = self.request.version == "HTTP/1.1"
        with self.streams.open(
            claims, bots, last_event_id, connection.stream, chunked=chunked
        ) as self.stream:
            logs.stream_id.set(self.stream.id)
            try:
                await self.stream.begin(self)
                self._let_go()
                await self.stream.run(self)
            except StreamClosedError:
                pass  # the client is gone
            finally:
                self.stream = None

    @call(200, media="text/event-stream", query=StreamQuery, refuses=(Forbidden,))
    def head(self) -> None:
        """Whether these bots could be followed, without a stream."""
        self._read()
        self._set_stream_headers()
        self.finish()

    def on_connection_close(self) -> None:
        if self.stream is not None:
            self.stream.close("gone")

    def _read(self) -> tuple[Claims, list[str]]:
        """Who asks for which bots. The order of these checks is part of the contract."""
        claims = self.claims()
        bots = list(dict.fromkeys(bot for bot in self.query_list("botId") if bot))
        if not bots:
            raise Invalid("Missing botId", field="botId")
        if not all(map(is_bot_id, bots)):
            raise Invalid(
                "A botId has 1 to 128 characters, none of them a control character", field="botId"
            )
        if len(bots) > self.max_bots:
            raise Invalid(f"At most {self.max_bots} bots a stream", field="botId")
        for bot_id in bots:
            claims.require_bot(bot_id)
        self.refuse_other_sites()
        return claims, bots

    def _last_event_id(self) -> str | None:
        header = self.request.headers.get("Last-Event-ID", "")
        return (
            header
            or self.request.query_arguments.get("lastEventId", [b""])[-1].decode("ascii", "replace")
            or None
        )

    def _set_stream_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache, no-transform")
        self.set_header("X-Accel-Buffering", "no")

    def _let_go(self) -> None:
        """An idle stream keeps what it needs only; the token is not among it."""
        self.request.uri, self.request.query = self.request.path, ""
        self.ui = ObjectDict()
        self.request.headers.clear()
        self._headers = self.request.headers
        self.request.arguments = self.request.query_arguments = self.request.body_arguments = {}
