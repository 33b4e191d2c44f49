"""Canned replies: what operators write often, found by a shortcut. All operators share them."""

import secrets
from typing import Annotated, Any

import msgspec

from services.errors import Conflict, Invalid, NotFound
from services.store import replies
from services.store.ledger import Change, Ledger
from services.text import NOT_IN_TEXT, is_name

Shortcut = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]


class Reply(msgspec.Struct, frozen=True):
    """A canned reply; ``{name}`` and such in its text are the page's to fill in."""

    id: str
    shortcut: str
    text: str


class NewReply(msgspec.Struct, frozen=True):
    """A shortcut without spaces, and the text it stands for."""

    shortcut: Shortcut
    text: Text

    def __post_init__(self) -> None:
        _check(self.shortcut, self.text)


class ReplyChange(msgspec.Struct, frozen=True):
    """What shall be different; null and what is left out stay as they are."""

    shortcut: Shortcut | None = None
    text: Text | None = None

    def __post_init__(self) -> None:
        _check(self.shortcut, self.text)


class Replies:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def all(self) -> list[Reply]:
        """Every reply, by shortcut."""
        return [_reply(row) for row in await self._ledger.read(replies.every)]

    async def add(self, new: NewReply) -> Reply:
        """Conflict where the shortcut is taken."""

        def store(change: Change) -> Reply:
            _require_free(change, new.shortcut, None)
            reply = Reply(secrets.token_urlsafe(9), new.shortcut, new.text)
            replies.add(change.connection, **msgspec.structs.asdict(reply))
            return reply

        return await self._ledger.change(store)

    async def change(self, reply_id: str, wanted: ReplyChange) -> Reply:
        """Change what is not None. NotFound; Conflict where the shortcut is taken."""
        values = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}

        def store(change: Change) -> Reply:
            if replies.get(change.connection, reply_id) is None:
                raise NotFound("No such reply")
            if wanted.shortcut is not None:
                _require_free(change, wanted.shortcut, reply_id)
            if values:
                replies.change(change.connection, reply_id, **values)
            return _reply(replies.get(change.connection, reply_id))

        return await self._ledger.change(store)

    async def remove(self, reply_id: str) -> None:
        """NotFound."""

        def store(change: Change) -> None:
            if not replies.remove(change.connection, reply_id):
                raise NotFound("No such reply")

        await self._ledger.change(store)


def _require_free(change: Change, shortcut: str, but: str | None) -> None:
    if replies.called(change.connection, shortcut) not in (None, but):
        raise Conflict("That shortcut is taken", field="shortcut")


def _check(shortcut: str | None, text: str | None) -> None:
    if shortcut is not None and not (is_name(shortcut) and len(shortcut.split()) == 1):
        raise Invalid("1 to 32 characters without spaces", field="shortcut")
    if text is not None and (not text.strip() or NOT_IN_TEXT.search(text)):
        raise Invalid("Text without control characters, not only blanks", field="text")


def _reply(row: Any) -> Reply:
    return Reply(row.id, row.shortcut, row.text)
