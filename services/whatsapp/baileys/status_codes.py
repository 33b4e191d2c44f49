"""What each of WhatsApp's status codes means, and what is done about it. No I/O.

A connection that broke is made again, later each time; one that WhatsApp ended for a reason is
not, because trying again would change nothing or make it worse.
"""

import random
from typing import Literal

import msgspec

from services.whatsapp.gateway import Disconnected

Step = Literal["again", "retry", "stop", "forget"]

FIRST_WAIT = 1.0  # seconds; doubled with each attempt
LONGEST_WAIT = 30.0
JITTER = 0.2  # so that many bots don't come back in the same moment


class Verdict(msgspec.Struct, frozen=True):
    """The next step and, for an operator to read, why.

    ``again``: reconnect at once, nothing to show. ``retry``: reconnect after ``wait``.
    ``stop``: not before somebody asks for it. ``forget``: delete the credentials, then stop.
    """

    step: Step
    reason: str

    def ended(self, bot_id: str, status_code: int | None, seconds: float | None) -> Disconnected:
        """What an end is reported as; ``seconds`` until the next attempt, if there is one."""
        return Disconnected(
            bot_id=bot_id,
            status_code=status_code,
            reason=self.reason,
            will_reconnect=seconds is not None,
            retry_in_ms=None if seconds is None else round(seconds * 1000),
        )


RESTART = Verdict("again", "WhatsApp asks for a restart")
REPLACED = Verdict("stop", "Another client took this bot's place; connect to take it back")
UNLINKED = Verdict("forget", "Unlinked from the phone. Scan a new QR.")
LOCKED = Verdict("stop", "WhatsApp has locked or banned this number; look at the phone")
BANNED_FOR_NOW = Verdict("stop", "WhatsApp has banned this number for a time; look at the phone")
OUTDATED = Verdict("stop", "WhatsApp no longer takes this client; upgrade Pulso")
LOST = Verdict("retry", "The connection was lost")
CLOSED = Verdict("retry", "WhatsApp closed the connection")
TROUBLE = Verdict("retry", "WhatsApp has trouble of its own")

VERDICTS = {
    515: RESTART,
    428: CLOSED,
    408: LOST,
    503: TROUBLE,
    500: TROUBLE,
    440: REPLACED,
    401: UNLINKED,
    402: BANNED_FOR_NOW,
    403: LOCKED,
    406: LOCKED,
    405: OUTDATED,
    409: OUTDATED,
    411: OUTDATED,
}


def verdict(status_code: int | None) -> Verdict:
    """What to do about a connection that ended with this code; an unknown one is tried again."""
    return VERDICTS.get(status_code or 0, LOST)


def wait(attempt: int) -> float:
    """Seconds to wait after the ``attempt``-th (from 1) connection in a row has failed."""
    seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)
