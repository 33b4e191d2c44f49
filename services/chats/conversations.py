"""The chats: every message stored once and announced once, whoever wrote it.

A customer's message makes the session if there is none, and the bot answers it while the
session's mode is ``bot``. A person who answers on the bot's own phone takes the chat over. What
the bot itself sent comes back from WhatsApp and is not announced again.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from services.bus.events import (
    ChatTyping,
    Event,
    Message,
    MessageAck,
    MessageReceived,
    MessageSent,
    MessageUpdated,
    SessionCreated,
    SessionUpdated,
)
from services.chats.answering import Answering
from services.chats.fetching import Fetching
from services.chats.outbox import Outbox
from services.store import changes, chats, messages, sessions
from services.store.changes import Changed
from services.store.chats import Recorded
from services.store.ledger import Change, Ledger
from services.timestamps import iso
from services.whatsapp.gateway import (
    Acked,
    GatewayEvent,
    MessageArrived,
    MessageChanged,
    Presence,
)
from services.whatsapp.intake import Taker


class Conversations:
    """``has_bot`` says whether there is a bot of that id.

    A customer's message of the last ``catch_up`` seconds that nobody answered is answered once its
    bot is back, whatever kept it from being: a stop, a crash, a broken connection.
    """

    def __init__(
        self,
        ledger: Ledger,
        outbox: Outbox,
        answering: Answering,
        fetching: Fetching,
        has_bot: Callable[[str], bool],
        *,
        catch_up: float = 600.0,
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._answering = answering
        self._fetching = fetching
        self._has_bot = has_bot
        self._catch_up = catch_up

    @property
    def takers(self) -> dict[type[GatewayEvent], Taker]:
        """What the gateway's events about chats are given to."""
        return {
            MessageArrived: self._arrived,
            MessageChanged: self._changed,
            Acked: self._acked,
            Presence: self._typing,
        }

    async def close(self) -> None:
        """Stop answering, sending and fetching; what is left is done after the next start."""
        await self._fetching.close()
        await self._answering.close()
        await self._outbox.close()

    async def resume(self, bot_id: str) -> None:
        """The bot is online: send what is pending, fetch files, answer what nobody answered."""
        self._fetching.begin(bot_id)
        await self._outbox.resume(bot_id)
        since = time.time() - self._catch_up
        rows = await self._ledger.read(
            lambda connection: sessions.unanswered(connection, bot_id, since)
        )
        for row in rows:
            self._answering.begin(bot_id, row.id, row.contact)

    async def _arrived(self, event: MessageArrived) -> None:
        if not self._has_bot(event.bot_id):
            return
        media, file = self._fetching.file_of(event.media)
        message = Message(
            id=event.message_id,
            content=event.text,
            from_me=event.from_me,
            timestamp=iso(event.timestamp),
            type=event.kind,
            push_name=event.push_name,
            origin="phone" if event.from_me else None,
            media=media,
            quoted=event.quoted,
        )

        recorded = await self._ledger.change(
            lambda change: _record(change, event, message, event.file or file), bot=event.bot_id
        )
        if recorded is None:
            return
        if file is not None:
            self._fetching.begin(event.bot_id)
        if event.from_me:
            self._answering.cancel(recorded.session_id)
        elif recorded.mode == "bot" and event.kind == "text" and self._is_due(event):
            self._answering.begin(event.bot_id, recorded.session_id, recorded.contact)

    def _is_due(self, event: MessageArrived) -> bool:
        # What waited at WhatsApp while the bot was away is answered like what a stop left behind.
        return event.live or event.timestamp > time.time() - self._catch_up

    async def _changed(self, event: MessageChanged) -> None:
        if not self._has_bot(event.bot_id):
            return

        def store(change: Change) -> None:
            row = changes.find(
                change.connection,
                event.bot_id,
                event.message_id,
                contact=event.chat_id,
                alt_contact=event.alt_chat_id,
            )
            if row is not None:
                changed = _apply(change, event, row)
                if changed is not None:
                    change.publish(
                        MessageUpdated(
                            bot_id=event.bot_id,
                            session_id=changed.session_id,
                            message=changed.message,
                            session_version=changed.version,
                        )
                    )
            elif event.text:
                # Of a message from before our time: what was written is shown by itself.
                _record(change, event, _alone(event))

        await self._ledger.change(store, bot=event.bot_id)

    async def _acked(self, event: Acked) -> None:
        if not self._has_bot(event.bot_id):
            return

        def store(change: Change) -> None:
            session_id = messages.advance(
                change.connection, event.bot_id, event.message_id, event.ack
            )
            if session_id is not None:
                change.publish(
                    MessageAck(
                        bot_id=event.bot_id,
                        session_id=session_id,
                        message_id=event.message_id,
                        ack=event.ack,
                    )
                )

        await self._ledger.change(store, bot=event.bot_id)

    async def _typing(self, event: Presence) -> None:
        if not self._has_bot(event.bot_id):
            return
        row = await self._ledger.read(
            lambda connection: sessions.find(connection, event.bot_id, event.chat_id)
        )
        if row is not None:
            self._ledger.publish(
                ChatTyping(bot_id=event.bot_id, session_id=row.id, who="contact", state=event.state)
            )


def _apply(change: Change, event: MessageChanged, row: Any) -> Changed | None:
    """The message as it is after the change; None where that is as it was."""
    from_me, at = event.from_me, event.timestamp
    match event.change:
        case "edited":
            return changes.edit(change.connection, row, event.text, from_me=from_me, at=at)
        case "deleted":
            return changes.delete(change.connection, row, from_me=from_me, at=at)
        case "reaction":
            return changes.react(change.connection, row, event.text, from_me=from_me)


def _alone(event: MessageChanged) -> Message:
    is_reaction = event.change == "reaction"
    return Message(
        id=event.change_id if is_reaction else event.message_id,
        content=event.text,
        from_me=event.from_me,
        timestamp=iso(event.timestamp),
        type="reaction" if is_reaction else "text",
        origin="phone" if event.from_me else None,
        media={"messageId": event.message_id} if is_reaction else None,
    )


def _record(
    change: Change,
    event: MessageArrived | MessageChanged,
    message: Message,
    file: str | None = None,
) -> Recorded | None:
    recorded = chats.record(
        change.connection,
        event.bot_id,
        message,
        event.timestamp,
        contact=event.chat_id,
        alt_contact=event.alt_chat_id,
        file=file,
    )
    if recorded is not None:
        change.publish(*_events_of(event.bot_id, recorded))
    return recorded


def _events_of(bot_id: str, recorded: Recorded) -> Iterator[Event]:
    """What a message that was new is announced as."""
    message = recorded.message
    if recorded.is_filled:
        yield MessageUpdated(
            bot_id=bot_id,
            session_id=recorded.session_id,
            message=message,
            session_version=recorded.version,
        )
        return
    if recorded.created is not None:
        yield SessionCreated(bot_id=bot_id, session=recorded.created)
    if recorded.renamed is not None:
        yield SessionUpdated(bot_id=bot_id, session=recorded.renamed)
    if message.from_me:
        yield MessageSent(
            bot_id=bot_id,
            session_id=recorded.session_id,
            content=message.content,
            message_id=message.id,
            origin=message.origin,
            timestamp=message.timestamp,
            kind=message.type,
            media=message.media,
            quoted=message.quoted,
            session_version=recorded.version,
        )
    else:
        yield MessageReceived(
            bot_id=bot_id,
            session_id=recorded.session_id,
            message=message,
            session_version=recorded.version,
        )
    if recorded.changed is not None:
        yield SessionUpdated(bot_id=bot_id, session=recorded.changed)
