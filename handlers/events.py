"""POST /events: another service's events; and POST /events/renew for a living stream."""

import msgspec

from handlers.base import BaseHandler
from handlers.requests.event_body import read_events
from services.bus.event_bus import EventBus
from services.bus.idempotency import IdempotencyKeys
from services.errors import Forbidden, Invalid, Unavailable
from services.streams.registry import Streams
from services.text import CONTROL
from services.timestamps import iso

MAX_KEY_CHARACTERS = 128


class EventsHandler(BaseHandler):
    bus: EventBus
    streams: Streams
    keys: IdempotencyKeys

    def post(self) -> None:
        claims = self.claims()
        if not claims.publish:
            raise Forbidden("This token may not publish")
        if self.streams.draining:
            raise Unavailable("Shutting down", headers={"Retry-After": "5"})
        body = self.raw_body()
        events, several = read_events(body)
        key = self._key()
        for event in events:
            claims.require_bot(event.bot_id)
        # Nothing is awaited from here on: a retry beside this one finds the key.
        ids = self.keys.find(claims.sub, key, body) if key is not None else None
        if ids is None:
            ids = self.bus.publish_all(events)
            if key is not None:
                self.keys.remember(claims.sub, key, body, ids)
        self.reply({"ids": ids} if several else {"id": ids[0]}, 202)

    def _key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 0 < len(key) <= MAX_KEY_CHARACTERS or CONTROL.search(key):
            raise Invalid(
                "An Idempotency-Key has 1 to 128 characters, none of them a control character",
                field="Idempotency-Key",
            )
        return key


class Renewal(msgspec.Struct, frozen=True, rename="camel"):
    stream_id: str


class RenewHandler(BaseHandler):
    streams: Streams

    def post(self) -> None:
        claims = self.claims()
        stream = self.streams.renew(self.body(Renewal).stream_id, claims)
        exp = stream.claims.exp
        self.reply({"expiresAt": iso(exp) if exp is not None else None})
