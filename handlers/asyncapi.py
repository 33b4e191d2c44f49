"""docs/asyncapi.json: AsyncAPI 3 of the stream, made from the structs of its events.

``make asyncapi`` writes it; a test fails where the committed file says anything else.
"""

import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from services.bus.control_events import ControlEvent, Ping
from services.bus.events import BotEvent

REFERENCE = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """One channel, the stream; one message a type of event."""
    published = get_args(BotEvent)
    kinds = [*published, *ControlEvent.__subclasses__(), Ping]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    messages = {kind.__name__: _message(kind) for kind in kinds}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Pulso's stream",
            "version": "1",
            "description": "What GET /events/stream carries, as Server-Sent Events. Ids, resume,"
            " gaps and the end of a stream are described in docs/events.md.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "stream": {
                "address": "/events/stream",
                "description": "One connection that follows the bots of its botId parameters.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            },
            "publish": {
                "address": "/events",
                "description": "POST of one event, or of a list, by a token that may publish.",
                "messages": {
                    kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}
                    for kind in published
                },
            },
        },
        "operations": {
            "follow": {"action": "send", "channel": {"$ref": "#/channels/stream"}},
            "publish": {"action": "receive", "channel": {"$ref": "#/channels/publish"}},
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    message: dict[str, Any] = {
        # The ping has no type: it is an SSE event of that name.
        "name": str(kind.__struct_config__.tag or "ping"),
        "payload": {"$ref": REFERENCE.format(name=kind.__name__)},
    }
    words = (kind.__doc__ or "").strip().split("\n\n")[0]
    if words:
        message["summary"] = " ".join(words.split())
    return message


def text() -> str:
    """The document as the file holds it."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text())
