"""POST /events: another service's events; and POST /events/renew for a living stream."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from handlers.base import BaseHandler
from handlers.calls import Body, call
from handlers.requests.event_body import MAX_EVENTS, read_events
from handlers.requests.inputs import Renewal
from services.bus.events import BotEvent
from services.bus.publisher import Publisher
from services.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.streams.everywhere import Everywhere
from services.streams.registry import Streams
from services.text import CONTROL
from services.timestamps import iso

MAX_KEY_CHARACTERS = 128

# What a body may hold; it is read by hand, so that the first event at fault has its index.
Events = BotEvent | Annotated[list[BotEvent], msgspec.Meta(min_length=1, max_length=MAX_EVENTS)]


class Published(msgspec.Struct, frozen=True):
    """The id of the event, or those of all where they came as an array."""

    id: str | UnsetType = UNSET
    ids: list[str] | UnsetType = UNSET


class Renewed(msgspec.Struct, frozen=True, rename="camel"):
    """When the stream ends now; null: not by its token."""

    expires_at: str | None


class EventsHandler(BaseHandler):
    publisher: Publisher
    streams: Streams

    @call(202, body=Events, headers=("Idempotency-Key",), refuses=(Conflict, Unavailable))
    async def post(self) -> Published:
        """Publish another service's events: all of them, or none."""
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
        ids = await self.publisher.publish(events, sub=claims.sub, key=key, body=body)
        return Published(ids=ids) if several else Published(id=ids[0])

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


class RenewHandler(BaseHandler):
    streams: Everywhere

    @call(200, refuses=(NotFound, Conflict, Unavailable))
    async def post(self, body: Body[Renewal]) -> Renewed:
        """Move a stream's end to that of a newer token of the same ``sub``."""
        claims = self.claims()
        exp = await self.streams.renew(body.read().stream_id, claims)
        return Renewed(iso(exp) if exp is not None else None)
