"""Times as Pulso writes them: ISO 8601, UTC, milliseconds, ``Z`` at the end."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """``1795485207.1234`` (seconds since 1970) as ``2026-11-24T05:53:27.123Z``."""
    return to_iso(datetime.fromtimestamp(seconds, UTC))


def to_iso(moment: datetime) -> str:
    """An aware datetime in Pulso's form."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(text: str) -> datetime:
    """Any ISO 8601 date-time with an offset. ValueError for everything else."""
    if len(text) > 40:
        raise ValueError("not an ISO 8601 time")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset, such as Z")
    return moment.astimezone(UTC)


def normalize(text: str) -> str:
    """``from_iso`` and back: the same moment in Pulso's form."""
    try:
        return to_iso(from_iso(text))
    except (ValueError, OverflowError):
        raise ValueError("not an ISO 8601 time with an offset") from None
