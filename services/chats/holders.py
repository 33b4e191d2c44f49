"""Where bots run, as what sends for them has to know it."""

from typing import Protocol

from services.store.database import Connection
from services.whatsapp.gateway import Typing


class Holders(Protocol):
    """Which bots run in this process, and who has to know what is written down for the others."""

    def is_connected(self, bot_id: str) -> bool:
        """Whether a message could go out from here, right now. Any thread may ask."""
        ...

    def holds(self, bot_id: str) -> bool:
        """Whether anything may be done for this bot from here, right now."""
        ...

    def still_holds(self, connection: Connection, bot_id: str) -> bool:
        """The same, until the end of the transaction."""
        ...

    def may_send(self, connection: Connection, bot_id: str) -> bool:
        """Whether a message for it may be stored, to be sent from wherever it runs."""
        ...

    def wake(self, bot_id: str) -> None:
        """Messages that wait for this bot are stored."""
        ...


class Ticks(Protocol):
    async def typing(self, bot_id: str, chat_id: str, state: Typing) -> None: ...

    async def mark_read(self, bot_id: str, chat_id: str, message_ids: list[str]) -> None: ...
