"""A body of POST /events as typed events: all of them, or the first thing that is wrong."""

import msgspec

from handlers.requests.json_body import check_text, convert
from services.bus.events import BotEvent, Event
from services.errors import Invalid, TooLarge

MAX_EVENT_BYTES = 65_536
MAX_EVENTS = 1_000


def read_events(body: bytes) -> tuple[list[Event], bool]:
    """The events, and whether they came as an array. TooLarge or Invalid where refused.

    Sizes are judged before contents: a body that would be too large anyway is not decoded.
    """
    check_text(body)
    several = body.lstrip(b" \t\r\n")[:1] == b"["
    raws: list[msgspec.Raw] = convert(body, list[msgspec.Raw]) if several else [msgspec.Raw(body)]
    for index, raw in enumerate(raws):
        if memoryview(raw).nbytes > MAX_EVENT_BYTES:
            raise TooLarge("An event is over 64 KiB", index=index)
    if not raws:
        raise Invalid("An array of events may not be empty")
    if len(raws) > MAX_EVENTS:
        raise Invalid(f"At most {MAX_EVENTS} events at once", index=MAX_EVENTS)
    return [convert(raw, BotEvent, index) for index, raw in enumerate(raws)], several
