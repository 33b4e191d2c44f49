"""Who answers when no person does: from a chat's turns to the bot's next message.

An engine takes values and returns a value; who is asked when, and what becomes of the answer,
is not its business. EngineFailed where it has none for a reason an operator should know.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Turn(msgspec.Struct, frozen=True):
    """One message of a chat: the customer's, or ours."""

    text: str
    from_me: bool


class Answer(msgspec.Struct, frozen=True):
    """What to say; with ``hand_over`` a person takes the chat from here."""

    text: str
    hand_over: bool = False


class EngineFailed(Exception):
    """No answer this time; the text says why, for an operator to read."""


class AIEngine(Protocol):
    """``history`` is oldest first and ends with what is to be answered; None: say nothing."""

    async def answer(self, history: Sequence[Turn]) -> Answer | None: ...

    async def close(self) -> None:
        """Let go what is open; nothing is asked after."""
        ...


class SilentEngine:
    """Leaves every chat to the people."""

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        return None

    async def close(self) -> None:
        """Nothing is open."""
