"""An operator who goes: what becomes of their chats, and that one stays who may change others."""

import time
from functools import partial
from typing import Any

from services.bus.events import SessionUpdated
from services.errors import Conflict
from services.store import chats, operators, sessions
from services.store.ledger import Change, Ledger


async def release_chats(ledger: Ledger, operator_id: str) -> None:
    """What the operator had needs another person: chat by chat, each in its bot's order."""
    for row in await ledger.read(lambda connection: sessions.of_assignee(connection, operator_id)):
        await ledger.change(partial(_release, row.id, operator_id), session=row.id)


def _release(session_id: str, operator_id: str, change: Change) -> None:
    session = chats.release(change.connection, session_id, operator_id, time.time())
    if session is not None:
        change.publish(SessionUpdated(bot_id=session.bot_id or "", session=session))


def require_other_admin(change: Change, leaving: Any) -> None:
    """Conflict where nobody would be left who may change operators; ``leaving`` is a row."""
    if leaving.admin and not operators.has_other_admin(change.connection, leaving.id):
        raise Conflict("At least one administrator is required")
