"""The chats: every message stored once and announced once, whoever wrote it.

A customer's message makes the session if there is none, and the bot answers it while the
session's mode is ``bot``. A person who answers, here or on the bot's own phone, takes the chat
over. What the bot itself sent comes back from WhatsApp and is not announced again.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.bus.events import (
    ChatTyping,
    Message,
    MessageAck,
    MessageReceived,
    MessageSent,
    Mode,
    Session,
    SessionCreated,
    SessionUpdated,
)
from services.chats.answering import Answering
from services.chats.outbox import Outbox
from services.errors import Invalid, NotFound
from services.store import messages, sessions
from services.store.ledger import Change, Ledger
from services.store.messages import StoredMessage
from services.timestamps import iso
from services.whatsapp.gateway import (
    Acked,
    Connected,
    Gateway,
    GatewayEvent,
    MessageArrived,
    Presence,
)


class SessionPage(msgspec.Struct, frozen=True, rename="camel"):
    """Sessions, newest activity first; ``before`` asks for the next page, None: the last."""

    sessions: list[Session]
    cursor: str
    before: str | None


class MessagePage(msgspec.Struct, frozen=True, rename="camel"):
    """Messages, oldest to newest; ``before`` asks for the page before, None: the first."""

    messages: list[StoredMessage]
    cursor: str
    before: str | None


class SessionSnapshot(msgspec.Struct, frozen=True, rename="camel"):
    session: Session
    cursor: str


class Conversations:
    """``has_bot`` says whether there is a bot of that id."""

    def __init__(
        self,
        ledger: Ledger,
        gateway: Gateway,
        outbox: Outbox,
        answering: Answering,
        has_bot: Callable[[str], bool],
    ) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._outbox = outbox
        self._answering = answering
        self._has_bot = has_bot

    async def close(self) -> None:
        """Stop answering and sending; pending messages go out after the next start."""
        await self._answering.close()
        await self._outbox.close()

    async def page(
        self,
        bot_ids: Sequence[str],
        *,
        search: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> SessionPage:
        """The bots' sessions, ``limit`` at a time."""
        place = _place(before)
        async with self._ledger.snapshot() as (connection, cursor):
            rows = await sessions.page(
                connection, bot_ids, search=search, before=place, limit=limit + 1
            )
        more = str(rows[limit - 1].last_seq) if len(rows) > limit else None
        return SessionPage([sessions.session_of(row) for row in rows[:limit]], cursor, more)

    async def get(self, session_id: str) -> SessionSnapshot:
        """One session. NotFound."""
        async with self._ledger.snapshot() as (connection, cursor):
            row = await _session(connection, session_id)
        return SessionSnapshot(sessions.session_of(row), cursor)

    async def messages(
        self, session_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessagePage:
        """The session's messages, ``limit`` at a time from the newest backwards. NotFound."""
        place = _place(before)
        async with self._ledger.snapshot() as (connection, cursor):
            await _session(connection, session_id)
            rows = await messages.page(connection, session_id, before=place, limit=limit + 1)
        more = str(rows[limit - 1].seq) if len(rows) > limit else None
        return MessagePage(
            [messages.message_of(row) for row in reversed(rows[:limit])], cursor, more
        )

    async def answer(self, session_id: str, content: str) -> str:
        """An operator's answer: the chat is a person's from now on. The message's id.

        NotFound; Conflict where the bot isn't connected.
        """
        message_id = await self._outbox.put(session_id, content, "operator", mode="human")
        self._answering.cancel(session_id)
        return message_id

    async def set_mode(self, session_id: str, mode: Mode) -> Session:
        """Who answers from now on. NotFound."""
        async with self._ledger.change() as change:
            row = await _session(change.connection, session_id)
            if row.mode == mode:
                return sessions.session_of(row)
            session = await _update(change, row, mode=mode)
        if mode == "human":
            self._answering.cancel(session_id)
        return session

    async def read(self, session_id: str) -> Session:
        """Nothing is unread any more; the contact gets blue ticks. NotFound."""
        async with self._ledger.change() as change:
            row = await _session(change.connection, session_id)
            if row.unread == 0:
                return sessions.session_of(row)
            ids = await messages.unread_ids(change.connection, session_id, row.unread)
            session = await _update(change, row, unread=0)
        self._outbox.tasks.start(
            self._gateway.mark_read(row.bot_id, row.contact, ids), f"Ticks in {session_id}"
        )
        return session

    async def take(self, event: GatewayEvent) -> None:
        """What the gateway says of chats; of a bot that is gone, nothing."""
        if not self._has_bot(event.bot_id):
            return
        match event:
            case MessageArrived():
                await self._arrived(event)
            case Acked():
                await self._acked(event)
            case Presence():
                await self._presence(event)
            case Connected():
                await self._outbox.resume(event.bot_id)

    async def _arrived(self, event: MessageArrived) -> None:
        async with self._ledger.change() as change:
            row = await sessions.find(
                change.connection, event.bot_id, event.chat_id, event.alt_chat_id
            )
            if await messages.known(
                change.connection, event.bot_id, row and row.id, event.message_id
            ):
                return
            if row is None:
                row = await _create(change, event)
            else:
                row = await _recognize(change, row, event)
            await messages.add(
                change.connection,
                session_id=row.id,
                bot_id=event.bot_id,
                id=event.message_id,
                content=event.text,
                from_me=event.from_me,
                timestamp=event.timestamp,
                type=event.kind,
                push_name=event.push_name,
                origin="phone" if event.from_me else None,
                media=event.media,
            )
            if event.from_me:
                await _typed_on_the_phone(change, row, event)
            else:
                await _received(change, row, event)
        if event.from_me:
            self._answering.cancel(row.id)
        elif row.mode == "bot" and event.live and event.kind == "text":
            self._answering.begin(event.bot_id, row.id, row.contact)

    async def _acked(self, event: Acked) -> None:
        async with self._ledger.change() as change:
            session_id = await messages.advance(
                change.connection, event.bot_id, event.message_id, event.ack
            )
            if session_id is not None:
                change.tell(
                    MessageAck(
                        bot_id=event.bot_id,
                        session_id=session_id,
                        message_id=event.message_id,
                        ack=event.ack,
                    )
                )

    async def _presence(self, event: Presence) -> None:
        async with self._ledger.snapshot() as (connection, _):
            row = await sessions.find(connection, event.bot_id, event.chat_id)
        if row is not None:
            self._ledger.tell(
                ChatTyping(bot_id=event.bot_id, session_id=row.id, who="contact", state=event.state)
            )


async def _session(connection: AsyncConnection, session_id: str) -> Any:
    row = await sessions.get(connection, session_id)
    if row is None:
        raise NotFound("No such session")
    return row


async def _update(change: Change, row: Any, **values: Any) -> Session:
    await sessions.change(change.connection, row.id, **values)
    session = sessions.session_of(await sessions.get(change.connection, row.id))
    change.tell(SessionUpdated(bot_id=row.bot_id, session=session))
    return session


async def _create(change: Change, event: MessageArrived) -> Any:
    session_id = f"ses-{secrets.token_hex(8)}"
    await sessions.add(
        change.connection,
        id=session_id,
        bot_id=event.bot_id,
        contact=event.chat_id,
        alt_contact=event.alt_chat_id,
        name=None if event.from_me else event.push_name,
        created_at=event.timestamp,
    )
    row = await _session(change.connection, session_id)
    change.tell(SessionCreated(bot_id=event.bot_id, session=sessions.session_of(row)))
    return row


async def _recognize(change: Change, row: Any, event: MessageArrived) -> Any:
    """Note what the message adds to what is known of the contact."""
    if event.alt_chat_id and row.alt_contact is None and event.alt_chat_id != row.contact:
        await sessions.change(change.connection, row.id, alt_contact=event.alt_chat_id)
    if event.push_name and not event.from_me and event.push_name != row.name:
        await _update(change, row, name=event.push_name)
    return row


async def _received(change: Change, row: Any, event: MessageArrived) -> None:
    await sessions.change(change.connection, row.id, unread=row.unread + 1)
    change.tell(
        MessageReceived(
            bot_id=event.bot_id,
            session_id=row.id,
            message=Message(
                id=event.message_id,
                session_id=row.id,
                content=event.text,
                timestamp=iso(event.timestamp),
                type=event.kind,
                push_name=event.push_name,
                media=messages.described(event.media),
            ),
        )
    )


async def _typed_on_the_phone(change: Change, row: Any, event: MessageArrived) -> None:
    change.tell(
        MessageSent(
            bot_id=event.bot_id,
            session_id=row.id,
            content=event.text,
            message_id=event.message_id,
            origin="phone",
            timestamp=iso(event.timestamp),
            kind=event.kind,
            media=messages.described(event.media),
        )
    )
    if row.mode != "human" or row.unread:
        await _update(change, row, mode="human", unread=0)


def _place(before: str | None) -> int | None:
    """A page's ``before`` as the order of arrival it stands for."""
    if before is None:
        return None
    if not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise Invalid("Not a page's `before`", field="before")
    return int(before)
