"""docs/asyncapi.json is what the structs of the events say."""

import json
from pathlib import Path
from typing import Any

from handlers.asyncapi import text
from services.bus.events import TYPES

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "asyncapi.json"


def test_the_committed_file_is_what_the_structs_say() -> None:
    assert FILE.read_text() == text(), "make asyncapi"


def test_every_event_is_in_it_and_every_reference_leads_somewhere() -> None:
    document = json.loads(FILE.read_text())
    names = {message["name"] for message in document["components"]["messages"].values()}
    assert names == TYPES | {"connected", "gap", "token:expiring", "closing", "ping"}

    def follow(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                found = document
                for step in value["$ref"].removeprefix("#/").split("/"):
                    found = found[step]
            for one in value.values():
                follow(one)
        elif isinstance(value, list):
            for one in value:
                follow(one)

    follow(document)
