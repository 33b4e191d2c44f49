"""What the simulated WhatsApp remembers of a bot across restarts.

Which account it is paired with, and what came for it while it was away.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Protocol

import msgspec

from services import files
from services.whatsapp.gateway import Acked, MessageArrived

Held = MessageArrived | Acked


class Account(msgspec.Struct, frozen=True):
    """A WhatsApp account: its address and the name its owner gave it."""

    user_id: str
    name: str


class Credentials(Protocol):
    """``save_held``: what it gives back is done once they are kept; None: they are."""

    def load(self) -> Account | None: ...
    def load_held(self) -> list[Held]: ...
    def save(self, account: Account) -> None: ...
    def save_held(self, held: list[Held]) -> "asyncio.Future[bool] | None": ...
    def delete(self) -> None: ...


class CredentialFiles:
    """Two files a bot, 0600, replaced as a whole so that a crash never leaves half of one."""

    def __init__(self, folder: Path, bot_id: str) -> None:
        self._folder = folder
        # A bot's id may hold any character but a control character; a file's name may not.
        name = hashlib.sha256(bot_id.encode()).hexdigest()[:32]
        self._path = folder / f"{name}.json"
        self._held = folder / f"{name}.held.json"

    def load(self) -> Account | None:
        """The account, or None where the bot is not paired (or its file can't be read)."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Account)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def save(self, account: Account) -> None:
        """Remember the account before anybody hears of it."""
        self._write(self._path, account)

    def load_held(self) -> list[Held]:
        """What came while the bot was away, oldest first."""
        try:
            return msgspec.json.decode(self._held.read_bytes(), type=list[Held])
        except (FileNotFoundError, msgspec.DecodeError):
            return []

    def save_held(self, held: list[Held]) -> None:
        """Keep exactly these."""
        if held:
            self._write(self._held, held)
        else:
            self._held.unlink(missing_ok=True)

    def delete(self) -> None:
        """The bot needs a new QR from now on, and nobody writes to it any more."""
        self._path.unlink(missing_ok=True)
        self._held.unlink(missing_ok=True)

    def _write(self, path: Path, value: object) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(path, msgspec.json.encode(value))
