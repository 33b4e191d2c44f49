"""What the bench asks of a peer: how it is started, and how its readers and publishers speak."""

from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path

import jwt

ROOT = Path(__file__).resolve().parents[2]
# Tokens are signed and verified in each server that knows tokens, with a key of the bench's own.
SECRET = "the-key-of-a-benchmark-and-of-nothing-else"


class Peer(ABC):
    name: str
    folder: Path = ROOT
    # True: a publisher may send an array of events.
    batches = False
    # True: a reader may come back with the id of its last event.
    resumes = False
    # What the heartbeat scenario asks for while pings go out; empty where there is none.
    health = ""

    @abstractmethod
    def missing(self) -> str | None:
        """Why it can't run here, or None."""

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def command(self, port: int, folder: Path) -> list[str]:
        """What starts it in the foreground; ``folder`` is for its files and goes afterwards."""

    def environment(self, port: int, folder: Path) -> dict[str, str]:
        return {}

    @abstractmethod
    def stream_request(self, bot: str, reader: int) -> tuple[str, str]:
        """Target and header lines of a reader's GET."""

    @abstractmethod
    def publish_request(self, bot: str) -> tuple[str, str]:
        """Target and header lines of a publisher's POST."""


def reader_token(reader: int) -> str:
    """Each reader is a user of its own: no two tokens are alike, none can be looked up."""
    return jwt.encode({"sub": f"reader-{reader}"}, SECRET, algorithm="HS256")


@cache
def publisher_token() -> str:
    return jwt.encode({"sub": "publisher", "publish": True}, SECRET, algorithm="HS256")
