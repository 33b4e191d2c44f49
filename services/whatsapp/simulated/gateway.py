"""A WhatsApp to try Pulso with: simulated lines, and a phone that acts by command.

The phone's commands (``scan``, ``message``, ``typing``, ``unlink``, ``drop``) do what a person
with the real one would do. Conflict where the state of the line forbids it.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from services.bus.events import Ack, Quoted
from services.errors import Conflict
from services.whatsapp.gateway import (
    Acked,
    GatewayEvent,
    MediaGone,
    MessageArrived,
    OutgoingFile,
    Presence,
    SendFailed,
    Sink,
)
from services.whatsapp.simulated.credentials import CredentialFiles
from services.whatsapp.simulated.line import Line

# Seconds from the send to each tick: the server's, the contact's phone, the contact's eyes.
TICKS: tuple[tuple[Ack, float], ...] = (("server", 0.15), ("delivered", 0.6), ("read", 2.5))


class SimulatedGateway:
    """``folder`` keeps who is paired; ``speed`` divides every time (1 is real time)."""

    def __init__(self, folder: Path | None, speed: float = 1.0) -> None:
        self._folder = folder
        self._speed = speed
        self._lines: dict[str, Line] = {}
        self._sink: Sink | None = None

    async def open(self, sink: Sink) -> None:
        self._sink = sink

    async def start(self, bot_id: str, pair_with: str | None = None) -> None:
        self._line(bot_id).start(by_code=pair_with is not None)

    async def stop(self, bot_id: str) -> None:
        self._line(bot_id).stop()

    async def log_out(self, bot_id: str) -> None:
        self._line(bot_id).forget()
        del self._lines[bot_id]

    async def send(
        self,
        bot_id: str,
        chat_id: str,
        message_id: str,
        text: str,
        quoted: Quoted | None = None,
        file: OutgoingFile | None = None,
    ) -> None:
        line = self._line(bot_id)
        if line.state != "online":
            raise SendFailed("The bot isn't connected")
        # What a bot sends comes back to it, as WhatsApp does with every device of an account.
        echo = MessageArrived(
            bot_id=bot_id,
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            from_me=True,
            timestamp=time.time(),
            live=False,
            quoted=quoted,
        )
        line.after(0, echo)
        for ack, seconds in TICKS:
            line.after(
                seconds, Acked(bot_id=bot_id, message_id=message_id, ack=ack, chat_id=chat_id)
            )

    async def typing(
        self, bot_id: str, chat_id: str, state: Literal["composing", "paused"]
    ) -> None:
        """Nobody looks at the simulated contact's screen."""

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None:
        """Nobody looks at the simulated contact's ticks."""

    async def download(
        self, bot_id: str, media: Mapping[str, object], path: Path, limit: int
    ) -> None:
        """What the phone sends is kept at once; nobody has it besides."""
        raise MediaGone("gone")

    async def close(self) -> None:
        for line in self._lines.values():
            line.stop()

    def scan(self, bot_id: str, name: str) -> None:
        """Read the bot's QR, or enter its code, with the phone of ``name``."""
        self._line(bot_id).scan(name)

    def message(
        self,
        bot_id: str,
        contact: str,
        name: str | None,
        text: str,
        *,
        message_id: str | None = None,
        from_me: bool = False,
        quoted: str | None = None,
        kind: str = "text",
        media: dict[str, Any] | None = None,
        file: str | None = None,
    ) -> "asyncio.Future[bool]":
        """A message of the contact, or typed on the bot's own phone; ``quoted`` is one's id.

        ``file``, of this ``kind`` and ``media``, is the key of a file that is kept already.

        Done once it is stored, False where it could not be. Where the bot is away, WhatsApp
        keeps the message until it is back.
        """
        line = self._line(bot_id)
        if not line.linked:
            raise Conflict("The bot is not linked to a phone")
        stored = line.arrive(
            MessageArrived(
                bot_id=bot_id,
                chat_id=address(contact),
                message_id=message_id or new_message_id(),
                text=text,
                from_me=from_me,
                push_name=None if from_me else name,
                timestamp=time.time(),
                quoted=Quoted(id=quoted) if quoted else None,
                kind=kind,
                media=media,
                file=file,
            )
        )
        return stored if stored is not None else _done()

    def typing_of(self, bot_id: str, contact: str, state: Literal["composing", "paused"]) -> None:
        """The contact begins or stops to type; a bot that isn't online never hears of it."""
        if self._line(bot_id).state != "online":
            raise Conflict("The bot isn't connected")
        self._emit(Presence(bot_id=bot_id, chat_id=address(contact), state=state))

    def unlink(self, bot_id: str) -> None:
        """Remove the bot from the phone's linked devices."""
        self._line(bot_id).unlink()

    def drop(self, bot_id: str) -> None:
        """Break the bot's connection."""
        self._line(bot_id).drop()

    def _line(self, bot_id: str) -> Line:
        if bot_id not in self._lines:
            assert self._folder is not None
            self._lines[bot_id] = Line(
                bot_id, CredentialFiles(self._folder, bot_id), self._emit, self._speed
            )
        return self._lines[bot_id]

    def _emit(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        return self._sink(event) if self._sink is not None else _done()


def _done() -> "asyncio.Future[bool]":
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    done.set_result(True)
    return done


def new_message_id() -> str:
    """An id such as WhatsApp's phones choose."""
    return f"3A{secrets.token_hex(9).upper()}"


def address(contact: str) -> str:
    """A phone number, written as people do, as a WhatsApp address; an address stays."""
    if "@" in contact:
        return contact
    digits = "".join(character for character in contact if character.isdecimal())
    return f"{digits or contact}@s.whatsapp.net"
