"""An SSE parser of our own (WHATWG HTML §9.2), strict and independent of what it tests."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Dispatched:
    """One dispatched event, as a browser's EventSource would hand it out."""

    id: str
    type: str
    data: str

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class SSEParser:
    """Feed it bytes as they come; it gives back the events that are complete."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry: int | None = None
        self.comments: list[str] = []
        self.blocks: list[list[str]] = []
        self._rest = b""
        self._block: list[str] = []

    def feed(self, chunk: bytes) -> list[Dispatched]:
        self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        events = []
        for line in lines:
            assert b"\r" not in line, "a raw CR in the stream"
            if line:
                self._block.append(line.decode())
                continue
            block, self._block = self._block, []
            if block:
                self.blocks.append(block)
                event = self._dispatch(block)
                if event is not None:
                    events.append(event)
        return events

    def _dispatch(self, block: list[str]) -> Dispatched | None:
        kind, data, event_id = "message", None, self.last_id
        for line in block:
            if line.startswith(":"):
                self.comments.append(line[1:].strip())
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data = value if data is None else f"{data}\n{value}"
            elif name == "event":
                kind = value
            elif name == "id" and "\0" not in value:
                event_id = value
            elif name == "retry" and value.isascii() and value.isdigit():
                self.retry = int(value)
            else:
                raise AssertionError(f"an unknown field: {line!r}")
        self.last_id = event_id
        return None if data is None else Dispatched(event_id, kind, data)
