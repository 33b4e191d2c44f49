"""What becomes of the chats of an operator who is gone."""

import time
from functools import partial

from services.bus.events import SessionUpdated
from services.store import chats, sessions
from services.store.ledger import Change, Ledger


async def release_chats(ledger: Ledger, operator_id: str) -> None:
    """What the operator had needs another person: chat by chat, each in its bot's order."""
    for row in await ledger.read(lambda connection: sessions.of_assignee(connection, operator_id)):
        await ledger.change(partial(_release, row.id, operator_id), session=row.id)


def _release(session_id: str, operator_id: str, change: Change) -> None:
    session = chats.release(change.connection, session_id, operator_id, time.time())
    if session is not None:
        change.publish(SessionUpdated(bot_id=session.bot_id or "", session=session))
