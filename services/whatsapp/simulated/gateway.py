"""A WhatsApp to try Pulso with: simulated lines, and a phone that acts by command.

The phone's commands (``scan``, ``message``, ``typing``, ``unlink``, ``drop``) do what a person
with the real one would do. Conflict where the state of the line forbids it.
"""

import secrets
import time
from pathlib import Path
from typing import Literal

from services.bus.events import Ack
from services.errors import Conflict
from services.whatsapp.gateway import (
    Acked,
    GatewayEvent,
    MessageArrived,
    Presence,
    SendFailed,
    Sink,
)
from services.whatsapp.simulated.credentials import Credentials
from services.whatsapp.simulated.line import Line

# Seconds from the send to each tick: the server's, the contact's phone, the contact's eyes.
TICKS: tuple[tuple[Ack, float], ...] = (("server", 0.15), ("delivered", 0.6), ("read", 2.5))


class SimulatedGateway:
    """``folder`` keeps who is paired; ``speed`` divides every time (1 is real time)."""

    def __init__(self, folder: Path, speed: float = 1.0) -> None:
        self._folder = folder
        self._speed = speed
        self._lines: dict[str, Line] = {}
        self._sink: Sink | None = None

    async def open(self, sink: Sink) -> None:
        self._sink = sink

    async def start(self, bot_id: str) -> None:
        self._line(bot_id).start()

    async def stop(self, bot_id: str) -> None:
        self._line(bot_id).stop()

    async def log_out(self, bot_id: str) -> None:
        self._line(bot_id).forget()
        del self._lines[bot_id]

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str) -> None:
        line = self._line(bot_id)
        if line.state != "online":
            raise SendFailed("The bot isn't connected")
        sent_at = time.time()
        # What a bot sends comes back to it, as WhatsApp does with every device of an account.
        line.after(
            0,
            lambda live: MessageArrived(
                bot_id=bot_id,
                chat_id=chat_id,
                message_id=message_id,
                text=text,
                from_me=True,
                timestamp=sent_at,
                live=False,
            ),
        )
        for ack, seconds in TICKS:
            line.after(
                seconds,
                lambda live, ack=ack: Acked(  # type: ignore[misc]
                    bot_id=bot_id, message_id=message_id, ack=ack, chat_id=chat_id
                ),
            )

    async def typing(
        self, bot_id: str, chat_id: str, state: Literal["composing", "paused"]
    ) -> None:
        """Nobody looks at the simulated contact's screen."""

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None:
        """Nobody looks at the simulated contact's ticks."""

    async def close(self) -> None:
        for line in self._lines.values():
            line.stop()

    def scan(self, bot_id: str, name: str) -> None:
        """Read the bot's QR with the phone of ``name``."""
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
    ) -> str:
        """A message of the contact, or typed on the bot's own phone; its id is returned.

        Where the bot is away, WhatsApp keeps the message until it is back.
        """
        line = self._line(bot_id)
        if not line.linked:
            raise Conflict("The bot is not linked to a phone")
        chosen = message_id or f"3A{secrets.token_hex(9).upper()}"
        sent_at = time.time()
        line.arrive(
            lambda live: MessageArrived(
                bot_id=bot_id,
                chat_id=address(contact),
                message_id=chosen,
                text=text,
                from_me=from_me,
                push_name=None if from_me else name,
                timestamp=sent_at,
                live=live,
            )
        )
        return chosen

    def typing_of(self, bot_id: str, contact: str, state: Literal["composing", "paused"]) -> None:
        """The contact begins or stops to type; a bot that isn't online never hears of it."""
        line = self._line(bot_id)
        if line.state != "online":
            raise Conflict("The bot isn't connected")
        line.arrive(lambda live: Presence(bot_id=bot_id, chat_id=address(contact), state=state))

    def unlink(self, bot_id: str) -> None:
        """Remove the bot from the phone's linked devices."""
        self._line(bot_id).unlink()

    def drop(self, bot_id: str) -> None:
        """Break the bot's connection."""
        self._line(bot_id).drop()

    def _line(self, bot_id: str) -> Line:
        if bot_id not in self._lines:
            self._lines[bot_id] = Line(
                bot_id, Credentials(self._folder, bot_id), self._tell, self._speed
            )
        return self._lines[bot_id]

    def _tell(self, event: GatewayEvent) -> None:
        if self._sink is not None:
            self._sink(event)


def address(contact: str) -> str:
    """A phone number, written as people do, as a WhatsApp address; an address stays."""
    if "@" in contact:
        return contact
    digits = "".join(character for character in contact if character.isdecimal())
    return f"{digits or contact}@s.whatsapp.net"
