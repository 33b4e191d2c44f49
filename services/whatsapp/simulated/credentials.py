"""The simulated phone's half of a link: which account a bot is paired with, across restarts."""

import hashlib
from pathlib import Path

import msgspec

from services import files


class Account(msgspec.Struct, frozen=True):
    """A WhatsApp account: its address and the name its owner gave it."""

    user_id: str
    name: str


class Credentials:
    """One file a bot, 0600, replaced as a whole so that a crash never leaves half of one."""

    def __init__(self, folder: Path, bot_id: str) -> None:
        self._folder = folder
        # A bot's id may hold any character but a control character; a file's name may not.
        self._path = folder / f"{hashlib.sha256(bot_id.encode()).hexdigest()[:32]}.json"

    def load(self) -> Account | None:
        """The account, or None where the bot is not paired (or its file can't be read)."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Account)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def save(self, account: Account) -> None:
        """Remember the account before anybody is told of it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(self._path, msgspec.json.encode(account))

    def delete(self) -> None:
        """The bot needs a new QR from now on."""
        self._path.unlink(missing_ok=True)
