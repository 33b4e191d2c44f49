"""Messages of ours, from what is to be said to what goes out."""

import secrets
from typing import Any

import msgspec

from services.bus.events import Author, Message, Origin, Quoted
from services.chats.attachments import Attachment
from services.errors import Invalid
from services.store import messages
from services.store.database import Connection
from services.timestamps import iso


class QueuedMessage(msgspec.Struct, frozen=True):
    """A message that is stored and waits for its turn to go out."""

    session_id: str
    contact: str
    message_id: str
    content: str
    quoted: Quoted | None
    attachment: Attachment | None


def message_of(
    content: str,
    origin: Origin,
    author: Author | None,
    now: float,
    attachment: Attachment | None = None,
) -> Message:
    """A new message of ours, of the moment ``now``."""
    return Message(
        type="text" if attachment is None else attachment.kind,
        media=None if attachment is None else attachment.media,
        id=new_message_id(),
        content=content,
        from_me=True,
        timestamp=iso(now),
        ack="pending",
        origin=origin,
        author=author,
    )


def quoting(connection: Connection, row: Any, message: Message, quoted: str | None) -> Message:
    """The message as one that answers that of the id ``quoted``, of the same session. Invalid."""
    if quoted is None:
        return message
    found = messages.quoted(connection, row.id, quoted)
    if found is None:
        raise Invalid("No such message in this chat", field="quoted")
    return msgspec.structs.replace(message, quoted=found)


def queued_of(session_id: str, contact: str, message: Message, file: str | None) -> QueuedMessage:
    """What is needed to send a message that is stored; ``file`` is the key of its file."""
    media = {name: value for name, value in (message.media or {}).items() if name != "file"}
    attachment = Attachment(file, message.type, media) if file else None
    return QueuedMessage(
        session_id, contact, message.id, message.content, message.quoted, attachment
    )


def new_message_id() -> str:
    """An id such as WhatsApp's own web clients choose."""
    return f"3EB0{secrets.token_hex(9).upper()}"
