"""What a person may write: names and messages, checked as they are decoded."""

import re
from typing import Annotated

import msgspec

from services.errors import Invalid
from services.text import CONTROL, NOT_IN_TEXT

# Text that is only this is nothing to send.
BLANK = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]*")
MOST_PER_PAGE = 200
LONGEST_SEARCH = 200


class BotName(msgspec.Struct, frozen=True):
    """A bot's name: 1 to 100 characters, no control characters, trimmed."""

    name: Annotated[str, msgspec.Meta(max_length=100)]

    def __post_init__(self) -> None:
        name = self.name.strip()
        if not name or CONTROL.search(name):
            raise Invalid("A name has 1 to 100 characters, no control characters", field="name")
        msgspec.structs.force_setattr(self, "name", name)


class Content(msgspec.Struct, frozen=True):
    """A message's text: 1 to 65,536 characters, not only blanks; newlines and tabs may be."""

    content: Annotated[str, msgspec.Meta(min_length=1, max_length=65_536)]

    def __post_init__(self) -> None:
        if BLANK.fullmatch(self.content):
            raise Invalid("There is nothing to send", field="content")
        if NOT_IN_TEXT.search(self.content):
            raise Invalid("No control characters but newline and tab", field="content")


def page_size(text: str | None) -> int:
    """``limit``: 1 to 200, 50 where it is not given. Invalid."""
    if text is None:
        return 50
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_PER_PAGE:
        raise Invalid(f"limit is 1 to {MOST_PER_PAGE}", field="limit")
    return int(text)


def search_text(text: str) -> str:
    """``q``: up to 200 characters, trimmed. Invalid."""
    if len(text) > LONGEST_SEARCH or CONTROL.search(text):
        raise Invalid(f"q has {LONGEST_SEARCH} characters at most", field="q")
    return text.strip()
