"""What goes out: stored and announced first, then sent, one after the other for each bot.

A message that the store holds as pending goes out under its own id when the bot connects,
whatever stopped it before: a crash, a broken connection, a restart.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from services.bus.events import (
    Author,
    Message,
    MessageFailed,
    MessageSent,
    MessageUpdated,
    Origin,
    Session,
    SessionCreated,
    SessionUpdated,
)
from services.chats.attachments import Attachment, Attachments
from services.chats.holders import Holders, Ticks
from services.chats.outgoing import QueuedMessage, message_of, queued_of, quoting
from services.chats.snapshots import May, everyone, visible
from services.errors import Conflict, NotFound, Unavailable
from services.store import changes, chats, messages, sessions
from services.store.ledger import Change, Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import Gateway, SendFailed, Typing

log = logging.getLogger(__name__)

# A gateway gives up by itself after 30 s; this is for one that does not.
SEND_SECONDS = 40.0
FILE_SECONDS = 190.0  # for one with a file, which has to be uploaded first
# Between attempts to store that a message failed, on top of the store's own wait.
STORE_PAUSE_SECONDS = 1.0
SENT_KEPT = 1000


class Outbox:
    """Sends for the bots that run here; of the others, it wakes who does.

    ``ticks`` reach every bot, wherever it runs.
    """

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        holders: Holders,
        attachments: Attachments,
        ticks: Ticks | None = None,
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._holders = holders
        self._attachments = attachments
        self._ticks = ticks or gateway
        self._queues: dict[str, deque[QueuedMessage]] = {}
        self._senders: dict[str, asyncio.Task[None]] = {}
        # Ids of those that went out, some of which the store has as pending for a moment yet.
        self._sent: deque[str] = deque(maxlen=SENT_KEPT)
        self.tasks = Tasks()

    async def put(
        self,
        session_id: str,
        content: str,
        origin: Origin,
        *,
        hand_over: bool = False,
        author: Author | None = None,
        quoted: str | None = None,
        attachment: Attachment | None = None,
        may: May = everyone,
    ) -> str:
        """Store and announce a message, and have it sent; its id is returned.

        Its author has the chat from then on, or, with ``hand_over``, whoever takes it. ``quoted``
        is the id of a message of the chat that it answers. Conflict where a person has it and the
        bot writes, or where the bot isn't connected. NotFound; Invalid for ``quoted``.
        """
        now = time.time()
        message = message_of(content, origin, author, now, attachment)
        file = None if attachment is None else attachment.key

        def store(change: Change) -> None:
            row = visible(change.connection, session_id, may)
            answer = quoting(change.connection, row, message, quoted)
            self._put(change, row, answer, now, hand_over=hand_over, file=file)

        await self._ledger.change(store, session=session_id)
        return message.id

    async def begin(
        self, bot_id: str, contact: str, content: str, author: Author | None
    ) -> tuple[Session, str]:
        """The first message of a chat with this address, or the next of one that there is.

        The session after it, and the message's id. Conflict where the bot isn't connected.
        """
        now = time.time()
        message = message_of(content, "operator", author, now)

        def store(change: Change) -> Session:
            row, created = chats.opened(change.connection, bot_id, contact, now)
            if created is not None:
                change.publish(SessionCreated(bot_id=bot_id, session=created))
            self._put(change, row, message, now)
            return sessions.session_of(chats.get(change.connection, row.id))

        return await self._ledger.change(store, bot=bot_id), message.id

    async def retry(self, session_id: str, message_id: str, may: May = everyone) -> None:
        """Send a message once more that failed, under its id. NotFound; Conflict."""

        def store(change: Change) -> None:
            session = visible(change.connection, session_id, may)
            row = messages.get(change.connection, session_id, message_id)
            if row is None:
                raise NotFound("No such message")
            if row.failed is None:
                raise Conflict("The message has not failed")
            self._require_connected(change, session.bot_id)
            changed = changes.recover(change.connection, row)
            change.publish(
                MessageUpdated(
                    bot_id=session.bot_id,
                    session_id=session_id,
                    message=changed.message,
                    session_version=changed.version,
                )
            )
            queued = queued_of(session_id, session.contact, changed.message, row.file)
            change.on_commit(lambda: self._hand_on(session.bot_id, queued))

        await self._ledger.change(store, session=session_id)

    def _put(
        self,
        change: Change,
        row: Any,
        message: Message,
        now: float,
        *,
        hand_over: bool = False,
        file: str | None = None,
    ) -> None:
        self._require_connected(change, row.bot_id)
        sent = chats.send(change.connection, row, message, now, hand_over=hand_over, file=file)
        change.publish(
            MessageSent(
                bot_id=sent.bot_id,
                session_id=row.id,
                content=message.content,
                message_id=message.id,
                origin=message.origin,
                timestamp=message.timestamp,
                author=message.author,
                quoted=message.quoted,
                kind=message.type,
                media=messages.described(message.media, file),
                session_version=sent.version,
            )
        )
        if sent.changed is not None:
            change.publish(SessionUpdated(bot_id=sent.bot_id, session=sent.changed))
        queued = queued_of(row.id, sent.contact, message, file)
        change.on_commit(lambda: self._hand_on(sent.bot_id, queued))
        change.on_commit(lambda: self.mark_read(sent.bot_id, sent.contact, sent.read))

    def _require_connected(self, change: Change, bot_id: str) -> None:
        if not self._holders.may_send(change.connection, bot_id):
            raise Conflict("The bot isn't connected")

    async def resume(self, bot_id: str) -> None:
        """Send what is still pending; for when the bot has connected."""
        self._queue(bot_id, await self._pending(bot_id))

    async def look(self, bot_id: str) -> None:
        """Send what is pending and did not go out yet; for when another process stored some."""
        if self._holders.is_connected(bot_id):
            rows = await self._pending(bot_id)
            self._queue(bot_id, [row for row in rows if row.message_id not in self._sent])

    def release(self, bot_id: str) -> None:
        """Send nothing more for this bot; what is pending goes out from wherever it runs next."""
        sender = self._senders.get(bot_id)
        if sender is not None:
            sender.cancel()

    def mark_read(self, bot_id: str, contact: str, message_ids: list[str]) -> None:
        """Blue ticks for these messages of the contact. Best effort."""
        if message_ids and not self.tasks.closed:
            self.tasks.start(
                self._ticks.mark_read(bot_id, contact, message_ids), f"Ticks of {contact}"
            )

    def typing(self, bot_id: str, contact: str, state: Typing) -> None:
        """Show or hide "typing…" to the contact. Best effort."""
        if not self.tasks.closed:
            self.tasks.start(self._ticks.typing(bot_id, contact, state), f"Typing to {contact}")

    async def close(self) -> None:
        """Stop sending; what is left goes out after the next start."""
        await self.tasks.close()

    async def _pending(self, bot_id: str) -> list[QueuedMessage]:
        rows = await self._ledger.read(lambda connection: messages.pending(connection, bot_id))
        return [
            queued_of(row.session_id, row.contact, messages.message_of(row), row.file)
            for row in rows
        ]

    def _hand_on(self, bot_id: str, queued: QueuedMessage) -> None:
        if self._holders.holds(bot_id):
            self._queue(bot_id, [queued])
        else:
            self._holders.wake(bot_id)

    def _queue(self, bot_id: str, added: Sequence[QueuedMessage]) -> None:
        if self.tasks.closed or not self._holders.holds(bot_id):
            return
        running = bot_id in self._queues
        queue = self._queues.setdefault(bot_id, deque())
        queue.extend(message for message in added if message not in queue)
        if not running:
            work = self._send_all(bot_id, queue)
            self._senders[bot_id] = self.tasks.start(work, f"Sending for {bot_id}")

    async def _send_all(self, bot_id: str, queue: deque[QueuedMessage]) -> None:
        try:
            while queue and self._holders.is_connected(bot_id):
                # It stays in the queue meanwhile, so that nobody queues it a second time.
                await self._send(bot_id, queue[0])
                queue.popleft()
        finally:
            del self._queues[bot_id]
            del self._senders[bot_id]

    async def _send(self, bot_id: str, message: QueuedMessage) -> None:
        try:
            await self._deliver(bot_id, message)
            self._sent.append(message.message_id)
        except TimeoutError:
            await self._fail(bot_id, message, "It is not known whether WhatsApp took the message")
        except (SendFailed, NotFound, Unavailable) as error:
            await self._fail(bot_id, message, str(error))

    async def _deliver(self, bot_id: str, message: QueuedMessage) -> None:
        async with AsyncExitStack() as opened:
            file = None
            if message.attachment is not None:
                file = await opened.enter_async_context(
                    self._attachments.outgoing(message.attachment)
                )
            sending = self._gateway.send(
                bot_id, message.contact, message.message_id, message.content, message.quoted, file
            )
            await asyncio.wait_for(sending, SEND_SECONDS if file is None else FILE_SECONDS)

    async def _fail(self, bot_id: str, message: QueuedMessage, reason: str) -> None:
        def store(change: Change) -> None:
            if not self._holders.still_holds(change.connection, bot_id):
                return  # it goes out from where the bot runs now
            version = changes.fail(
                change.connection, message.session_id, message.message_id, reason
            )
            if version is not None:
                change.publish(
                    MessageFailed(
                        bot_id=bot_id,
                        session_id=message.session_id,
                        message_id=message.message_id,
                        reason=reason,
                        session_version=version,
                    )
                )

        while True:
            try:
                return await self._ledger.change(store, bot=bot_id)
            except Unavailable:
                # What waits behind it must not be sent before this is known: the queue waits.
                log.warning("Bot %s: a failed message waits for the store", bot_id)
                await asyncio.sleep(STORE_PAUSE_SECONDS)
