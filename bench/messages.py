"""What is published: ``message:received`` with every field, and one ``~``, which counts it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

MARK = b"~"
CONTENT_BYTES = 200

_numbers = count()


@dataclass(frozen=True, slots=True)
class Post:
    """One request of a publisher: its body, and the streams' deliveries that must follow."""

    bot: str
    body: bytes
    deliveries: int


def bot_names(number: int) -> list[str]:
    return [f"bot-{index}" for index in range(number)]


def received(bot: str) -> dict[str, object]:
    """A customer's message of 200 bytes, as ``message:received`` carries it."""
    number = next(_numbers)
    session = f"{bot}-session"
    return {
        "type": "message:received",
        "botId": bot,
        "sessionId": session,
        "message": {
            "id": f"3EB0{number:016X}",
            "sessionId": session,
            "content": (MARK.decode() + f"{number} ").ljust(CONTENT_BYTES, "x"),
            "fromMe": False,
            "timestamp": "2026-01-01T12:00:00.000Z",
            "type": "text",
            "pushName": "Ana",
            "ack": None,
        },
    }


def encode(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def singles(bot: str, number: int, streams: int) -> Iterator[Post]:
    """``number`` events of one bot, each for so many streams."""
    for _ in range(number):
        yield Post(bot, encode(received(bot)), streams)


def batches(bots: list[str], number: int, size: int, touched: int) -> Iterator[Post]:
    """Arrays of ``size`` events spread over the next ``touched`` bots, one stream each.

    How many streams a batch reaches doesn't depend on how many bots there are: what is compared
    is a delivery's cost beside 50 connected streams and beside 5,000, not the luck of sharing a
    write.
    """
    start = 0
    for _ in range(number):
        chosen = [bots[(start + offset) % len(bots)] for offset in range(touched)]
        start += touched
        events = [received(chosen[index % touched]) for index in range(size)]
        yield Post(chosen[0], encode(events), size)
