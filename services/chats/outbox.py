"""What goes out: stored and announced first, then sent, one after the other for each bot.

A message that the store holds as pending goes out under its own id when the bot connects,
whatever stopped it before: a crash, a broken connection, a restart.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable

import msgspec

from services.bus.events import MessageFailed, MessageSent, Mode, Origin, SessionUpdated
from services.errors import Conflict, NotFound
from services.store import messages, sessions
from services.store.ledger import Ledger
from services.tasks import Tasks
from services.timestamps import iso
from services.whatsapp.gateway import Gateway, SendFailed

# A gateway gives up by itself after 30 s; this is for one that does not.
SEND_SECONDS = 40.0


class _Letter(msgspec.Struct, frozen=True):
    session_id: str
    contact: str
    message_id: str
    content: str


class Outbox:
    """``is_connected`` says whether a bot could send right now."""

    def __init__(
        self, ledger: Ledger, gateway: Gateway, is_connected: Callable[[str], bool]
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._is_connected = is_connected
        self._letters: dict[str, deque[_Letter]] = {}
        self.tasks = Tasks()

    async def put(
        self,
        session_id: str,
        content: str,
        origin: Origin,
        *,
        mode: Mode,
        only_in: Mode | None = None,
    ) -> str:
        """Store and announce a message, and have it sent; its id is returned.

        The session is in ``mode`` from then on; Conflict where it must be ``only_in`` another
        and no longer is, or where the bot isn't connected. NotFound.
        """
        message_id = new_message_id()
        now = time.time()
        async with self._ledger.change() as change:
            row = await sessions.get(change.connection, session_id)
            if row is None:
                raise NotFound("No such session")
            if only_in is not None and row.mode != only_in:
                raise Conflict("Somebody else answers this chat now")
            if not self._is_connected(row.bot_id):
                raise Conflict("The bot isn't connected")
            await messages.add(
                change.connection,
                session_id=session_id,
                bot_id=row.bot_id,
                id=message_id,
                content=content,
                from_me=True,
                timestamp=now,
                type="text",
                ack="pending",
                origin=origin,
            )
            change.tell(
                MessageSent(
                    bot_id=row.bot_id,
                    session_id=session_id,
                    content=content,
                    message_id=message_id,
                    origin=origin,
                    timestamp=iso(now),
                )
            )
            if row.mode != mode:
                await sessions.change(change.connection, session_id, mode=mode)
                updated = await sessions.get(change.connection, session_id)
                change.tell(SessionUpdated(bot_id=row.bot_id, session=sessions.session_of(updated)))
            letter = _Letter(session_id, row.contact, message_id, content)
            change.then(lambda: self._queue(row.bot_id, [letter]))
        return message_id

    async def resume(self, bot_id: str) -> None:
        """Send what is still pending; for when the bot has connected."""
        async with self._ledger.snapshot() as (connection, _):
            rows = await messages.pending(connection, bot_id)
        self._queue(
            bot_id, [_Letter(row.session_id, row.contact, row.id, row.content) for row in rows]
        )

    async def close(self) -> None:
        """Stop sending; what is left goes out after the next start."""
        await self.tasks.close()

    def _queue(self, bot_id: str, letters: list[_Letter]) -> None:
        if self.tasks.closed:
            return
        running = bot_id in self._letters
        waiting = self._letters.setdefault(bot_id, deque())
        waiting.extend(letter for letter in letters if letter not in waiting)
        if not running:
            self.tasks.start(self._send_all(bot_id, waiting), f"Sending for {bot_id}")

    async def _send_all(self, bot_id: str, waiting: deque[_Letter]) -> None:
        try:
            while waiting and self._is_connected(bot_id):
                # It stays in the queue meanwhile, so that nobody queues it a second time.
                await self._send(bot_id, waiting[0])
                waiting.popleft()
        finally:
            del self._letters[bot_id]

    async def _send(self, bot_id: str, letter: _Letter) -> None:
        try:
            await asyncio.wait_for(
                self._gateway.send(bot_id, letter.contact, letter.message_id, letter.content),
                SEND_SECONDS,
            )
        except TimeoutError:
            await self._fail(bot_id, letter, "WhatsApp did not take the message in time")
        except SendFailed as error:
            await self._fail(bot_id, letter, str(error))

    async def _fail(self, bot_id: str, letter: _Letter, reason: str) -> None:
        async with self._ledger.change() as change:
            if await messages.fail(change.connection, letter.session_id, letter.message_id, reason):
                change.tell(
                    MessageFailed(
                        bot_id=bot_id,
                        session_id=letter.session_id,
                        message_id=letter.message_id,
                        reason=reason,
                    )
                )


def new_message_id() -> str:
    """An id such as WhatsApp's own web clients choose."""
    return f"3EB0{secrets.token_hex(9).upper()}"
