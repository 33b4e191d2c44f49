"""An operator's part in the chats: answering, taking and giving, marking.

Where a caller's rights matter, ``may`` says which bots they cover: a session of another is
NotFound.
"""

import re
import time
from collections.abc import Callable
from typing import Any

from services.access.accounts import Operator
from services.bus.events import Author, ChatTyping, Session, SessionUpdated
from services.chats.answering import Answering
from services.chats.attachments import Attachments, Given
from services.chats.outbox import Outbox
from services.chats.session_change import SessionChange
from services.chats.snapshots import May, everyone, visible
from services.errors import Conflict, Invalid, Refusal
from services.store import chats, handling
from services.store.ledger import Change, Ledger
from services.whatsapp.gateway import Typing


class Inbox:
    """``operator`` gives the operator of an id, or None."""

    def __init__(
        self,
        ledger: Ledger,
        outbox: Outbox,
        answering: Answering,
        attachments: Attachments,
        operator: Callable[[str], Operator | None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._outbox = outbox
        self._answering = answering
        self._attachments = attachments
        self._operator = operator

    async def answer(
        self,
        session_id: str,
        content: str,
        may: May = everyone,
        author: Author | None = None,
        quoted: str | None = None,
        file: Given | None = None,
    ) -> str:
        """An operator's answer: the chat is the author's from now on. The message's id.

        ``quoted``: the id of the message it answers; ``file``: what goes out with ``content`` as
        its caption. NotFound; Invalid for that id; TooLarge; Conflict where the bot isn't
        connected.
        """
        attachment = None
        if file is not None:
            row = await self._ledger.read(lambda connection: visible(connection, session_id, may))
            attachment = await self._attachments.keep(row.bot_id, file)
        try:
            message_id = await self._outbox.put(
                session_id,
                content,
                "operator",
                author=author,
                quoted=quoted,
                attachment=attachment,
                may=may,
            )
        except Refusal:
            if attachment is not None:
                await self._attachments.drop(attachment)
            raise
        self._answering.give_way(session_id)
        return message_id

    async def begin(
        self, bot_id: str, contact: str, content: str, author: Author
    ) -> tuple[Session, str]:
        """Write to a number that may never have written: its session, the message's id. Conflict.

        ``contact`` is a number as people write it, or a WhatsApp address. Invalid.
        """
        session, message_id = await self._outbox.begin(bot_id, _address(contact), content, author)
        self._answering.give_way(session.id)
        return session, message_id

    async def retry(self, session_id: str, message_id: str, may: May = everyone) -> None:
        """Send a message once more that failed, under its id. NotFound; Conflict."""
        await self._outbox.retry(session_id, message_id, may)

    async def change(
        self, session_id: str, wanted: SessionChange, by: Author, may: May = everyone
    ) -> Session:
        """Who has the chat, what state it is in, its labels. NotFound.

        Invalid where there is no such assignee; Conflict where they may not see the chat.
        """
        assignee, scope = self._assignee(wanted, by)

        def columns(row: Any) -> handling.Columns:
            if scope is not None and row.bot_id not in scope:
                raise Conflict("That operator may not see this bot", field="assignee")
            return _columns(row, wanted, assignee, time.time())

        session = await self._change(session_id, columns, may)
        if session.mode == "human":
            self._answering.give_way(session_id)
        return session

    async def typing(self, session_id: str, state: Typing, by: Author, may: May = everyone) -> None:
        """An operator writes, or stops: the others see who, the contact "typing…". NotFound."""
        row = await self._ledger.read(lambda connection: visible(connection, session_id, may))
        self._ledger.publish(
            ChatTyping(
                bot_id=row.bot_id, session_id=session_id, who="operator", state=state, author=by
            )
        )
        self._outbox.typing(row.bot_id, row.contact, state)

    async def read(self, session_id: str, may: May = everyone) -> Session:
        """Nothing is unread any more; the contact gets blue ticks. NotFound."""

        def store(change: Change) -> chats.Read:
            row = visible(change.connection, session_id, may)
            read = chats.mark_read(change.connection, row)
            if read.changed:
                change.publish(SessionUpdated(bot_id=read.bot_id, session=read.session))
            return read

        read = await self._ledger.change(store, session=session_id)
        self._outbox.mark_read(read.bot_id, read.contact, read.ids)
        return read.session

    async def mark_unread(self, session_id: str, may: May = everyone) -> Session:
        """Something is unread again, for who looks next. NotFound."""
        return await self._change(session_id, lambda row: {"unread": row.unread or 1}, may)

    async def _change(
        self, session_id: str, columns: Callable[[Any], handling.Columns], may: May
    ) -> Session:
        def store(change: Change) -> Session:
            row = visible(change.connection, session_id, may)
            session, changed = chats.change(change.connection, row, columns(row))
            if changed:
                change.publish(SessionUpdated(bot_id=row.bot_id, session=session))
            return session

        return await self._ledger.change(store, session=session_id)

    def _assignee(
        self, wanted: SessionChange, by: Author
    ) -> tuple[Author | None, frozenset[str] | None]:
        """Who shall have the chat, and the bots they see (None: all)."""
        if not isinstance(wanted.assignee, str):
            return None, None
        if wanted.assignee == by.id:
            return by, None
        operator = self._operator(wanted.assignee)
        if operator is None:
            raise Invalid("No such operator", field="assignee")
        return Author(id=operator.id, name=operator.username), operator.scope


def _address(contact: str) -> str:
    """The WhatsApp address of a number (E.164: up to 15 digits), or of an address."""
    number = re.sub(r"[\s().+/-]", "", contact.removesuffix("@s.whatsapp.net"))
    if re.fullmatch(r"[0-9]{1,30}@lid", contact):
        return contact
    if not re.fullmatch(r"[1-9][0-9]{4,14}", number):
        raise Invalid("A number with its country's code, such as +34 600 111 222", field="contact")
    return f"{number}@s.whatsapp.net"


def _columns(
    row: Any, wanted: SessionChange, assignee: Author | None, now: float
) -> handling.Columns:
    columns: handling.Columns = {}
    if wanted.mode == "bot":
        columns |= handling.WITH_BOT
    elif assignee is not None:
        columns |= handling.taken(assignee, now)
    elif _asks_for_a_person(row, wanted):
        columns |= handling.needs_a_person(row, now)
    if wanted.state == "open":
        columns |= handling.reopened(row, now)
    elif wanted.state == "resolved":
        columns |= handling.RESOLVED
    elif wanted.state == "snoozed" or isinstance(wanted.snoozed_until, str):
        columns |= handling.snoozed(wanted.until)
    elif wanted.snoozed_until is None and row.state == "snoozed":
        columns |= handling.snoozed(None)
    if isinstance(wanted.labels, list):
        columns["labels"] = list(dict.fromkeys(wanted.labels))
    return columns


def _asks_for_a_person(row: Any, wanted: SessionChange) -> bool:
    if row.mode == "bot":
        return wanted.mode == "human"
    return wanted.assignee is None
