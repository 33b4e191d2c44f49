"""What a stream reports of itself, beside the published events: one frozen struct an event.

No I/O. All but the ping, which only watchdogs listen for, carry their ``type`` as published
events do; each goes out with the cursor the stream has reached.
"""

from typing import Literal

import msgspec

GapReason = Literal["evicted", "restarted", "unknown"]
EndReason = Literal["shutdown", "token-expired", "slow", "revoked", "renew"]
RefusalReason = Literal["shutdown", "overloaded", "too-many-streams"]


class ControlEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """What every event of the stream's own has: a ``type``."""


class Connected(ControlEvent, frozen=True, kw_only=True, tag="connected"):
    """How one bot begins. ``heartbeat_seconds``: between two pings."""

    bot_id: str
    stream_id: str
    resumed: bool
    heartbeat_seconds: float


class Gap(ControlEvent, frozen=True, kw_only=True, tag="gap"):
    """Events of this bot are missing. ``after``: the client's last event id, if it can be read."""

    bot_id: str
    reason: GapReason
    after: str | None


class TokenExpiring(ControlEvent, frozen=True, kw_only=True, tag="token:expiring"):
    """``expires_at``: ISO 8601."""

    stream_id: str
    expires_at: str


class Closing(ControlEvent, frozen=True, kw_only=True, tag="closing"):
    """The last event of a stream, or the only one of a stream that was refused."""

    reason: EndReason | RefusalReason


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """The heartbeat. ``time``: milliseconds since 1970."""

    time: int
