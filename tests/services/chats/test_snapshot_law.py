"""A snapshot, then any events from its cursor on, some of them held already: a later snapshot.

``fold`` is what a client does with an event, and all it needs to do. Every event but an ack has a
version of its session: one that is not above the version that is known is held already, and
changes nothing.

- ``session:created`` puts the session first; ``session:updated`` replaces it where it stands;
- ``message:received`` appends, is the last message, adds one unread, moves the session first;
- ``message:sent`` appends (``ack`` is ``pending``, or null from the phone), is the last message,
  moves the session first;
- ``message:updated`` puts the message in the place of the one with its id, and is the last message
  if that was it;
- ``message:ack`` sets the ack of the message, and of the last message if that is it, where it is
  further, and takes the reason of a failure away;
- ``message:failed`` sets the reason.
"""

import copy
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.assistant.engine import SilentEngine
from services.bus.events import Author
from services.chats.session_change import SessionChange
from services.whatsapp.gateway import Acked, MessageArrived, MessageChanged, SendFailed
from services.whatsapp.simulated.gateway import SimulatedGateway
from tests.domain import SPEED, Domain

State = dict[str, Any]
ACKS = (None, "pending", "server", "delivered", "read", "played")


def fold(state: State, event: dict[str, Any]) -> State:
    """The client's state after one more event; the one before is left as it was."""
    state = copy.deepcopy(state)
    sessions = state["sessions"]
    if "session" in event:
        new = event["session"]
        known = next((one for one in sessions if one["id"] == new["id"]), None)
        if known is None:
            sessions.insert(0, new)
            state["messages"][new["id"]] = []
        elif new["version"] > known["version"]:
            sessions[sessions.index(known)] = new
        return state
    if not event["type"].startswith("message:"):
        return state
    session = next(one for one in sessions if one["id"] == event["sessionId"])
    if event["type"] == "message:ack":
        for message in _all(state, event["messageId"]):
            if ACKS.index(event["ack"]) > ACKS.index(message["ack"]):
                message.update(ack=event["ack"], failed=None)
        return state
    if event["sessionVersion"] <= session["version"]:
        return state
    session["version"] = event["sessionVersion"]
    match event["type"]:
        case "message:received":
            _append(state, session, {**event["message"], "origin": None, "failed": None})
            session["unread"] += 1
        case "message:sent":
            _append(state, session, _sent(event))
        case "message:updated":
            updated = event["message"]
            of_session = state["messages"][session["id"]]
            place = [message["id"] for message in of_session].index(updated["id"])
            of_session[place] = updated
            if session["lastMessage"]["id"] == updated["id"]:
                session["lastMessage"] = _shown(updated)
        case "message:failed":
            for message in _all(state, event["messageId"]):
                message["failed"] = event["reason"]
    return state


def _all(state: State, message_id: str) -> list[dict[str, Any]]:
    """A message wherever it is shown."""
    shown = [one["lastMessage"] for one in state["sessions"] if one["lastMessage"]]
    every = [message for of_session in state["messages"].values() for message in of_session]
    return [message for message in (*shown, *every) if message["id"] == message_id]


def _sent(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": event["messageId"],
        "sessionId": event["sessionId"],
        "content": event["content"],
        "fromMe": True,
        "timestamp": event["timestamp"],
        "type": event["kind"],
        "pushName": None,
        "ack": None if event["origin"] == "phone" else "pending",
        "origin": event["origin"],
        "failed": None,
        "media": event["media"],
        "author": event["author"],
        "edited": None,
        "deleted": None,
        "reactions": None,
        "quoted": event["quoted"],
    }


def _append(state: State, session: dict[str, Any], message: dict[str, Any]) -> None:
    state["messages"][session["id"]].append(message)
    session["lastMessage"] = _shown(message)
    state["sessions"].remove(session)
    state["sessions"].insert(0, session)


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "content", "fromMe", "timestamp", "type", "ack", "failed", "deleted")
    return {name: message[name] for name in names}


async def snapshot(domain: Domain, bot: str) -> tuple[State, int]:
    """What the REST face shows of a bot, and the cursor of it."""
    page = await domain.snapshots.page([bot], limit=200)
    state: State = {"sessions": msgspec.to_builtins(page.sessions), "messages": {}}
    for session in page.sessions:
        messages = await domain.snapshots.messages(session.id, limit=200)
        assert (messages.cursor, messages.version) == (page.cursor, session.version)
        state["messages"][session.id] = msgspec.to_builtins(messages.messages)
    return state, int(page.cursor)


ACTIONS = (
    "message",
    "message",
    "again",
    "phone",
    "answer",
    "ack",
    "mode",
    "mode",
    "read",
    "rename",
    "fail",
    "unread",
    "edited",
    "deleted",
    "reaction",
    "reaction",
)


CHANGES = (
    SessionChange(mode="bot"),
    SessionChange(mode="human"),
    SessionChange(assignee="op"),
    SessionChange(assignee=None, labels=["vip"]),
    SessionChange(state="resolved"),
    SessionChange(state="snoozed", labels=[]),
    SessionChange(state="open"),
)
REPEATED = ("again", "unread")  # under one of a few ids: read at last, or known already


class MoodyGateway(SimulatedGateway):
    """Sends nothing anywhere, and refuses when told to."""

    refuses = False

    async def send(self, bot_id: str, chat_id: str, message_id: str, text: str, *_: Any) -> None:
        if self.refuses:
            raise SendFailed("refused")


async def act(domain: Domain, bot: str, action: str, dice: random.Random) -> None:
    """One thing that can happen, to one of three contacts."""
    contact = f"{dice.randrange(3)}@s.whatsapp.net"
    page = await domain.snapshots.page([bot])
    session = dice.choice(page.sessions).id if page.sessions else None
    domain.phone.refuses = action == "fail"
    match action:
        case "message" | "again" | "phone" | "rename" | "unread":
            domain.intake.feed(
                MessageArrived(
                    bot_id=bot,
                    chat_id=contact,
                    message_id=str(dice.randrange(5 if action in REPEATED else 10**9)),
                    text="" if action == "unread" else f"{action} {dice.random()}",
                    kind="undecryptable" if action == "unread" else "text",
                    from_me=action == "phone",
                    push_name=None if action == "phone" else f"{contact[0]}{action}",
                    timestamp=float(dice.randrange(10**9)),
                )
            )
        case "answer" | "fail" if session:
            await domain.inbox.answer(session, "sí", author=Author(id="op", name="Eva"))
        case "mode" if session:
            await domain.inbox.change(session, dice.choice(CHANGES), Author(id="op", name="Eva"))
        case "read" if session:
            await domain.inbox.read(session)
        case "edited" | "deleted" | "reaction":
            known = [
                (chat.contact, message)
                for chat in page.sessions
                for message in (await domain.snapshots.messages(chat.id)).messages
            ]
            # Now and then one from before our time.
            chat, message = dice.choice([*known, (contact, None)])
            domain.intake.feed(
                MessageChanged(
                    bot_id=bot,
                    chat_id=chat,
                    message_id=message.id if message else str(dice.randrange(10**9)),
                    change_id=str(dice.randrange(10**9)),
                    from_me=bool(message and message.from_me) ^ (dice.random() < 0.2),
                    change=action,
                    text=dice.choice(("👍", "❤️", "")) if action != "deleted" else "",
                    timestamp=float(dice.randrange(10**9)),
                )
            )
        case "ack" if session:
            messages = (await domain.snapshots.messages(session)).messages
            ack = dice.choice(("server", "delivered", "read", "played"))
            domain.intake.feed(Acked(bot_id=bot, message_id=dice.choice(messages).id, ack=ack))
    await domain.settled()
    await domain.answering.tasks.settled()
    await domain.outbox.tasks.settled()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.gen_test(timeout=60)
async def test_a_snapshot_and_the_events_after_it_make_every_later_snapshot(
    tmp_path: Path, store_url: str, seed: int
) -> None:
    dice = random.Random(seed)
    phone = MoodyGateway(tmp_path / "phone", SPEED)
    async with Domain(tmp_path, engine=SilentEngine(), gateway=phone, url=store_url) as domain:
        bot = await domain.linked_bot()
        state, cursor = await snapshot(domain, bot)
        for _ in range(25):
            await act(domain, bot, dice.choice(ACTIONS), dice)
            later, later_cursor = await snapshot(domain, bot)
            events = msgspec.to_builtins(domain.bus.events[:later_cursor])
            # Over several processes the state may hold some of what its cursor brings again.
            for event in events[max(0, cursor - dice.randrange(6)) :]:
                state = fold(state, event)
            assert state == later
            # Twice, or older after newer.
            for event in dice.sample(events, min(5, len(events))):
                assert fold(state, event) == later
            cursor = later_cursor


@pytest.mark.gen_test(timeout=60)
async def test_a_snapshot_taken_amid_changes_belongs_to_its_cursor(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for n in range(40):
            domain.phone.message(bot, f"54911{n % 4}", "Luz", str(n))
            if n % 4 == 0:
                page = await domain.snapshots.page([bot])
                seen = msgspec.to_builtins(domain.bus.events[: int(page.cursor)])
                count = sum(event["type"] == "message:received" for event in seen)
                assert sum(session.unread or 0 for session in page.sessions) == count
