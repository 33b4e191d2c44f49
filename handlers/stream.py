"""GET /events/stream: one coroutine a connection, fed by its subscription.

It is the only writer of its connection while anything waits; on an idle stream the bus writes
through the outlet. ``on_connection_close`` only wakes it: what is open is let go by ``with``.
"""

import random
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.util import ObjectDict

from handlers.base import PulsoHandler
from services.access.tokens import Claims
from services.bus.block import Block, each_block
from services.bus.control_events import Closing, Connected, ControlEvent, Gap
from services.bus.event_bus import EventBus
from services.bus.events import is_bot_id
from services.bus.sse import control_frame
from services.bus.subscription import Remainder, Subscription
from services.errors import Invalid
from services.streams.outlet import prepare_socket
from services.streams.registry import Streams
from services.streams.stream import Stream


class StreamHandler(PulsoHandler):
    bus: EventBus
    streams: Streams
    retry_ms: int
    max_bots: int
    stream: Stream | None = None

    async def get(self) -> None:
        claims, bots = self._read()
        self._set_stream_headers()
        refusal = self.streams.refusal(claims.sub)
        if refusal is not None:
            # Never a status: every browser's EventSource dies for good of any but 200.
            retry_ms = random.randint(15_000, 30_000)
            await self.finish(control_frame(Closing(reason=refusal), retry_ms=retry_ms))
            return
        connection: Any = self.request.connection
        if connection.stream.closed():
            return  # it left while the request was read
        chunked = self.request.version == "HTTP/1.1"
        with (
            self.bus.subscribe(bots, self._last_event_id()) as subscription,
            self.streams.open(claims, subscription, connection.stream, chunked=chunked) as stream,
        ):
            self.stream = stream
            try:
                prepare_socket(connection.stream, self.streams.write_timeout)
                await self._begin(stream, subscription)
                await self._follow(stream, subscription)
                await self._farewell(stream)
            except StreamClosedError:
                pass  # the client is gone; there is nobody to tell
            finally:
                self.stream = None

    def head(self) -> None:
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

    async def _begin(self, stream: Stream, subscription: Subscription) -> None:
        """Headers, how each bot starts, and what was missed."""
        cursor = self.bus.cursor_at(subscription.seq)
        spread = int(self.retry_ms * random.uniform(0.75, 1.25))
        frames = []
        for position, start in enumerate(subscription.starts):
            connected = Connected(
                bot_id=start.bot_id,
                stream_id=stream.id,
                resumed=start.resumed,
                heartbeat_seconds=self.streams.heartbeat,
            )
            retry_ms = spread if position == 0 else None
            frames.append(control_frame(connected, cursor=cursor, retry_ms=retry_ms))
        for start in subscription.starts:
            if start.gap is not None:
                gap = Gap(bot_id=start.bot_id, reason=start.gap, after=start.after)
                frames.append(control_frame(gap, cursor=cursor))
        await self._write(stream, b"".join(frames))
        # An idle stream keeps what it needs only; the token is not among it.
        self.request.uri, self.request.query = self.request.path, ""
        self.ui = ObjectDict()
        self.request.headers.clear()
        self._headers = HTTPHeaders()
        self.request.arguments = self.request.query_arguments = self.request.body_arguments = {}
        for block in each_block(subscription.replay):
            if subscription.closing is not None:
                return
            await self._write(stream, block.data)
            subscription.advance(block.seq)
        subscription.replay, subscription.starts = [], ()

    async def _follow(self, stream: Stream, subscription: Subscription) -> None:
        while (item := await subscription.next(stream.outlet)) is not None:
            match item:
                case Block():
                    await self._write(stream, item.data)
                    subscription.advance(item.seq)
                    self.bus.wrote(item)
                case Remainder():
                    stream.begin_write()
                    await stream.iostream.write(item.data)
                    stream.end_write()
                    subscription.advance(item.seq)
                case ControlEvent():
                    await self._write(stream, control_frame(item, cursor=stream.cursor))

    async def _farewell(self, stream: Stream) -> None:
        reason = stream.subscription.closing
        if reason is None or reason == "gone" or reason == "timeout":
            return
        closing = Closing(reason=reason)
        stream.begin_write()
        await self.finish(
            control_frame(closing, cursor=stream.cursor, retry_ms=random.randint(1000, 5000))
        )

    async def _write(self, stream: Stream, data: bytes) -> None:
        stream.begin_write()
        self.write(data)
        await self.flush()
        stream.end_write()
