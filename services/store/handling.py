"""Who looks after a chat, and what state it is in: which columns change by what happens.

No I/O. A chat is the bot's or a person's (``mode``); a person's is somebody's (the assignee), or
waits for somebody. ``waiting_since`` is the moment from which a customer of a person's chat waits
for an answer; ``person_at`` the last moment a person did something there, from which the time is
counted after which the bot takes the chat back. It is None where the bot asked for a person and
none has come: nobody may leave that customer waiting by doing nothing.

Each function returns the columns to set, also those that are so already.
"""

from typing import Any

from services.bus.events import Author

Columns = dict[str, Any]

WITH_BOT: Columns = {
    "mode": "bot",
    "assignee_id": None,
    "assignee_name": None,
    "waiting_since": None,
    "person_at": None,
}
AWAKE: Columns = {"state": "open", "snoozed_until": None}
# Done with, until the customer writes again.
RESOLVED: Columns = {"state": "resolved", "snoozed_until": None, "waiting_since": None}
# What the bot has answered counts as seen by it.
SEEN: Columns = {"unread": 0}


def customer_wrote(row: Any, at: float) -> Columns:
    """A chat that was done with, or put off, is open again; a person's has somebody waiting."""
    if row.mode == "bot":
        return AWAKE
    return AWAKE | {"waiting_since": row.waiting_since or _moment(at)}


def person_wrote(author: Author | None, at: float) -> Columns:
    """The chat is a person's: the author's, or (from the bot's phone) whose it was."""
    columns = SEEN | {"mode": "human", "person_at": at, "waiting_since": None}
    return columns if author is None else columns | _given_to(author)


def hand_over(at: float) -> Columns:
    """The bot asks for a person."""
    return WITH_BOT | AWAKE | {"mode": "human", "waiting_since": _moment(at)}


def needs_a_person(row: Any, at: float) -> Columns:
    """Somebody shall take it: it is nobody's, and no longer the bot's."""
    waiting = {"mode": "human", "waiting_since": row.waiting_since or _moment(at)}
    return WITH_BOT | waiting | {"person_at": at}


def taken(by: Author, at: float) -> Columns:
    """``by`` has it. The customer waits on until there is an answer."""
    return {"mode": "human", "person_at": at, **_given_to(by)}


def snoozed(until: float | None) -> Columns:
    """Put off until a moment, or (None) until the customer writes again."""
    return {"state": "snoozed", "snoozed_until": until}


def reopened(row: Any, at: float) -> Columns:
    """To be done again; a person then has the whole time before the bot takes it back."""
    return AWAKE if row.person_at is None else AWAKE | {"person_at": at}


def due(row: Any, now: float, left: float) -> Columns:
    """What time has brought: a snooze ended by ``now``, a person who did nothing since ``left``.

    Who snoozed a chat means to come back to it: it stays theirs until then.
    """
    if row.state == "snoozed":
        has_ended = row.snoozed_until is not None and row.snoozed_until <= now
        return reopened(row, now) if has_ended else {}
    is_left = row.person_at is not None and row.person_at <= left
    return WITH_BOT if is_left else {}


def shown(row: Any, columns: Columns) -> Columns:
    """Those of the columns that are different in ``row``, of what people see."""
    return {
        name: value
        for name, value in columns.items()
        if name != "person_at" and value != getattr(row, name)
    }


def _given_to(author: Author) -> Columns:
    return {"assignee_id": author.id, "assignee_name": author.name}


def _moment(at: float) -> float:
    # As it is shown: pages of a list ordered by it go on from what was shown.
    return round(at, 3)
