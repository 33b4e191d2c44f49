"""What an operator wants to be different about a chat, each field on its own."""

import time
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from services.bus.events import Mode, Name, State
from services.errors import Invalid
from services.text import is_name
from services.timestamps import from_iso

MOST_LABELS = 20


class SessionChange(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What is left out stays as it is.

    ``assignee`` is an operator's id, or null: nobody has it, and somebody shall. ``mode``
    ``human`` for a chat of the bot's means the same. ``snoozed`` without ``snoozedUntil``: until
    the customer writes.
    """

    mode: Mode | UnsetType = UNSET
    assignee: Name | UnsetType | None = UNSET
    state: State | UnsetType = UNSET
    snoozed_until: Annotated[str, msgspec.Meta(max_length=40)] | UnsetType | None = UNSET
    labels: (
        Annotated[
            list[Annotated[str, msgspec.Meta(max_length=50)]],
            msgspec.Meta(max_length=MOST_LABELS),
        ]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if self.mode == "bot" and isinstance(self.assignee, str):
            raise Invalid("What the bot answers is nobody's", field="assignee")
        if isinstance(self.snoozed_until, str):
            if self.state in ("open", "resolved"):
                raise Invalid("Only with the state snoozed", field="snoozedUntil")
            if self.until is not None and self.until <= time.time():
                raise Invalid("A time that has passed", field="snoozedUntil")
        for position, label in enumerate(self.labels or ()):
            if not is_name(label):
                raise Invalid(
                    "A label has 1 to 50 characters that can be seen, no outer spaces",
                    field=f"labels.{position}",
                )

    @property
    def until(self) -> float | None:
        """The end of the snooze in seconds since 1970; None: the customer's next message."""
        if not isinstance(self.snoozed_until, str):
            return None
        try:
            return from_iso(self.snoozed_until).timestamp()
        except (ValueError, OverflowError):
            raise Invalid("No ISO 8601 time with an offset", field="snoozedUntil") from None
