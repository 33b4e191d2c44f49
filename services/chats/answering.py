"""The bot's side of a chat: wait for the customer to finish, ask the engine, answer once.

One task a chat. A new message of the customer begins it anew, so that a burst gets one answer
that knows all of it; a person who takes the chat over ends it. An engine's failure is reported to
the operators (``chat:typing`` of ``bot`` with the state ``failed``), never to the customer.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.assistant.engine import AIEngine, Answer, EngineFailed, Turn
from services.bus.events import ChatTyping
from services.chats.holders import Holders
from services.chats.outbox import Outbox
from services.errors import Conflict, NotFound
from services.store import messages, sessions
from services.store.database import Connection
from services.store.ledger import Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import Gateway

log = logging.getLogger(__name__)

THINKING = 0.6  # an answer in no time at all looks wrong under "typing…"
COMPOSING_LASTS = 8.0  # WhatsApp takes "typing…" back by itself after some 10 s
TURNS = 100  # how much of the chat the engine gets to read; it may take less


class Answering:
    """``burst``: seconds of silence after which the customer is taken to have finished.

    ``speed`` divides the pauses; 1 is real time.
    """

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        outbox: Outbox,
        holders: Holders,
        engine: AIEngine,
        *,
        burst: float = 1.5,
        speed: float = 1.0,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._outbox = outbox
        self._holders = holders
        self._engine = engine
        self._burst = burst
        self._speed = speed
        self._chats: dict[str, asyncio.Task[None]] = {}
        self._bots: dict[str, str] = {}  # by session, as they are
        self.tasks = Tasks()
        # Called where a chat is not being answered here; another process may be at it.
        self.elsewhere: Callable[[str], None] = lambda session_id: None

    def begin(self, bot_id: str, session_id: str, contact: str) -> None:
        """The customer wrote something; what was being prepared is out of date."""
        if self.tasks.closed or not self._holders.holds(bot_id):
            return
        before = self._chats.get(session_id)
        if before is not None:
            before.cancel()
        task = self.tasks.start(
            self._after(before, bot_id, session_id, contact), f"Answering {session_id}"
        )
        self._chats[session_id] = task
        self._bots[session_id] = bot_id
        task.add_done_callback(lambda done: self._forget(session_id, done))

    def give_way(self, session_id: str) -> None:
        """A person answers this chat now, wherever an answer is being prepared."""
        if session_id in self._chats:
            self.cancel(session_id)
        else:
            self.elsewhere(session_id)

    def cancel(self, session_id: str) -> None:
        """No answer of this chat is prepared here any more."""
        task = self._chats.get(session_id)
        if task is not None:
            task.cancel()

    def release(self, bot_id: str) -> None:
        """Leave the bot's chats as they are; whoever runs it next answers them."""
        for session_id in [chat for chat, bot in self._bots.items() if bot == bot_id]:
            self.cancel(session_id)

    async def close(self) -> None:
        """Leave every chat as it is, and the engine too."""
        await self.tasks.close()
        await self._engine.close()

    def _forget(self, session_id: str, task: asyncio.Task[None]) -> None:
        if self._chats.get(session_id) is task:
            del self._chats[session_id]
            del self._bots[session_id]

    async def _after(
        self, before: asyncio.Task[None] | None, bot_id: str, session_id: str, contact: str
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(self._burst / self._speed)
        history = await self._ledger.read(lambda connection: _history(connection, session_id))
        if history is None:
            return
        try:
            async with self._composing(bot_id, session_id, contact):
                answer = await self._engine.answer(history)
                if answer is not None:
                    await asyncio.sleep(THINKING / self._speed)
        except EngineFailed as error:
            log.warning("Chat %s got no answer: %s", session_id, error)
            self._publish(bot_id, session_id, "failed")
            return
        except Exception:
            self._publish(bot_id, session_id, "failed")
            raise
        if answer is not None:
            await self._send(session_id, answer)

    async def _send(self, session_id: str, answer: Answer) -> None:
        try:
            await self._outbox.put(
                session_id,
                answer.text,
                "bot",
                hand_over=answer.hand_over,
            )
        except (Conflict, NotFound) as refusal:
            log.info("Chat %s: the bot's answer is not sent: %s", session_id, refusal)

    @asynccontextmanager
    async def _composing(self, bot_id: str, session_id: str, contact: str) -> AsyncIterator[None]:
        shown = self.tasks.start(
            self._compose(bot_id, session_id, contact), f"Typing in {session_id}"
        )
        try:
            yield
        finally:
            shown.cancel()
            self._publish(bot_id, session_id, "paused")
            self.tasks.start(
                self._gateway.typing(bot_id, contact, "paused"), f"Typing in {session_id}"
            )

    async def _compose(self, bot_id: str, session_id: str, contact: str) -> None:
        while True:
            self._publish(bot_id, session_id, "composing")
            await self._gateway.typing(bot_id, contact, "composing")
            await asyncio.sleep(COMPOSING_LASTS)

    def _publish(self, bot_id: str, session_id: str, state: str) -> None:
        self._ledger.publish(
            ChatTyping(bot_id=bot_id, session_id=session_id, who="bot", state=state)
        )


def _history(connection: Connection, session_id: str) -> list[Turn] | None:
    """What was written last, oldest first; None where the bot doesn't answer this chat."""
    row = sessions.get(connection, session_id)
    if row is None or row.mode != "bot":
        return None
    newest = messages.page(connection, session_id, limit=TURNS)
    return [
        Turn(message.content, message.from_me)
        for message in reversed(newest)
        if message.deleted is None
    ]
