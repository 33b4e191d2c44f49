"""Answers that several calls have."""

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """It has begun; what comes of it are events."""


class Queued(msgspec.Struct, frozen=True):
    """The id of a message that shows when its event comes."""

    id: str
