"""What a person may write: names and messages, checked as they are decoded."""

import re
from typing import Annotated

import msgspec

from services.access.accounts import Password
from services.bus.events import BotId
from services.errors import Invalid
from services.text import NOT_IN_TEXT, is_name
from services.whatsapp.gateway import Typing

Given = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")  # as E.164 has it
# Text that is only this is nothing to send.
BLANK = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]*")


class BotName(msgspec.Struct, frozen=True):
    """A bot's name: 1 to 100 characters that can be seen, trimmed."""

    name: Annotated[str, msgspec.Meta(max_length=100)]

    def __post_init__(self) -> None:
        name = self.name.strip()
        if not is_name(name):
            raise Invalid(
                "A name has 1 to 100 characters, no control or invisible characters", field="name"
            )
        msgspec.structs.force_setattr(self, "name", name)


class Connect(msgspec.Struct, frozen=True, rename="camel"):
    """How to link: ``pairWith`` is the number, with its country's code, of a phone to enter a code.

    Without it a QR is shown.
    """

    pair_with: str | None = None

    def __post_init__(self) -> None:
        if self.pair_with is not None and not PHONE_NUMBER.fullmatch(self.pair_with):
            raise Invalid("A number is + and 8 to 15 digits", field="pairWith")


class Content(msgspec.Struct, frozen=True):
    """A message's text: 1 to 65,536 characters, not only blanks; newlines and tabs may be."""

    content: Annotated[str, msgspec.Meta(min_length=1, max_length=65_536)]

    def __post_init__(self) -> None:
        if BLANK.fullmatch(self.content):
            raise Invalid("There is nothing to send", field="content")
        if NOT_IN_TEXT.search(self.content):
            raise Invalid("No control characters but newline and tab", field="content")


class Answer(Content, frozen=True, kw_only=True):
    """An operator's answer; ``quoted`` is the id of the message of the chat that it answers."""

    quoted: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    """What comes beside a file: its caption, and what its sender knows of it."""

    content: Annotated[str, msgspec.Meta(max_length=65_536)] = ""
    caption: Annotated[str, msgspec.Meta(max_length=65_536)] = ""
    quoted: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    voice: bool = False
    width: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    height: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    seconds: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None

    def __post_init__(self) -> None:
        for name in ("content", "caption"):
            if NOT_IN_TEXT.search(getattr(self, name)):
                raise Invalid("No control characters but newline and tab", field=name)


class FirstMessage(Content, frozen=True, rename="camel", kw_only=True):
    """What a chat begins with; ``contact`` is a number with its country's code, or an address."""

    bot_id: BotId
    contact: Given


class Credentials(msgspec.Struct, frozen=True):
    """Who signs in."""

    username: Given
    password: Given


class NewPassword(msgspec.Struct, frozen=True):
    """One's own password, and the one to have from now on."""

    current: Given
    new: Password


class TypingState(msgspec.Struct, frozen=True):
    """Somebody begins or stops to write."""

    state: Typing


class Renewal(msgspec.Struct, frozen=True, rename="camel"):
    """Which stream lives on."""

    stream_id: str
