"""PATCH /api/sessions/{id}: who has a chat, its state, its labels; each field on its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.handlers.chat import CONTACT, Chat
from tests.running import RunningPulso, running

SOON = "2999-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module, without a bot that answers."""
    with running(tmp_path_factory.mktemp("pulso") / "data", PULSO_AI="off") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def chat(pulso: RunningPulso) -> Chat:
    return Chat(pulso)


def shown(session: dict[str, Any]) -> tuple[Any, ...]:
    """Mode, who has it, whether its customer waits."""
    who = session["assignee"] and session["assignee"]["name"]
    return session["mode"], who, session["waitingSince"] is not None


def test_a_chat_is_taken_given_and_given_back(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    operator = {"username": "laura", "password": "long enough", "bots": [chat.bot]}
    laura = chat.call("POST", "/api/operators", operator)
    login = {"username": "laura", "password": "long enough"}
    token = pulso.request("POST", "/api/auth/login", login).json["token"]
    before = chat.now["version"]
    needs = chat.call("PATCH", chat.path, {"mode": "human"})
    assert shown(needs) == ("human", None, True) and needs["version"] > before
    # Taken: the customer waits on until there is an answer.
    taken = chat.call("PATCH", chat.path, {"assignee": laura["id"]}, token)
    assert taken["assignee"] == {"id": laura["id"], "name": "laura"}
    assert taken["waitingSince"] == needs["waitingSince"]
    # Asked for what is so already, nothing changes and nothing is announced.
    assert chat.call("PATCH", chat.path, {"mode": "human"}) == taken
    assert chat.call("PATCH", chat.path, {}) == taken
    chat.call("POST", f"{chat.path}/messages", {"content": "¿Sí?"}, token)
    assert shown(chat.now) == ("human", "laura", False) and chat.now["unread"] == 0
    chat.wrote("una pregunta")
    waiting = chat.now
    assert shown(waiting) == ("human", "laura", True)
    chat.wrote("y otra")
    assert chat.now["waitingSince"] == waiting["waitingSince"]
    # Somebody else's answer takes it over.
    chat.call("POST", f"{chat.path}/messages", {"content": "Yo sigo"})
    assert shown(chat.now) == ("human", "tester", False)
    assert shown(chat.call("PATCH", chat.path, {"assignee": None})) == ("human", None, True)
    assert shown(chat.call("PATCH", chat.path, {"mode": "bot"})) == ("bot", None, False)
    assert shown(chat.call("PATCH", chat.path, {"assignee": None})) == ("bot", None, False)
    # Whose operator is removed needs another person.
    chat.call("PATCH", chat.path, {"assignee": laura["id"]})
    pulso.request("DELETE", f"/api/operators/{laura['id']}", token=chat.token)
    assert shown(chat.now) == ("human", None, True)
    chat.phone("message", **{"from": CONTACT, "text": "soy yo", "fromMe": True})
    assert shown(chat.now) == ("human", None, False)
    marker = chat.call("PATCH", chat.path, {"labels": ["fin"]})
    events = []
    while not events or events[-1] != marker:
        events.append(chat.stream.until("session:updated")[-1].json["session"])
    assert [shown(event) for event in events] == [
        ("human", None, True),
        ("human", "laura", True),
        ("human", "laura", False),
        ("human", "laura", True),
        ("human", "tester", False),
        ("human", None, True),
        ("bot", None, False),
        ("human", "laura", False),
        ("human", None, True),
        ("human", None, False),
        ("human", None, False),
    ]
    versions = [event["version"] for event in events]
    assert versions == sorted(set(versions))


def test_a_chat_that_ended_is_opened_again_by_the_customer(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    for wanted, state, until in (
        ({"state": "resolved"}, "resolved", None),
        ({"state": "open"}, "open", None),
        ({"state": "snoozed", "snoozedUntil": SOON}, "snoozed", SOON),
        ({"snoozedUntil": None}, "snoozed", None),
        ({"snoozedUntil": "2999-01-01T01:00:00+01:00"}, "snoozed", SOON),
        ({"state": "resolved"}, "resolved", None),
    ):
        session = chat.call("PATCH", chat.path, wanted)
        assert (session["state"], session["snoozedUntil"]) == (state, until)
        assert session["mode"] == "bot"
        event = chat.stream.until("session:updated")[-1].json
        assert event["session"] == session
    received = chat.now["version"]
    chat.wrote("una cosa más")
    message = chat.stream.until("message:received")[-1].json
    opened = chat.stream.until("session:updated")[-1].json["session"]
    assert (opened["state"], opened["lastMessage"]["content"]) == ("open", "una cosa más")
    assert received < message["sessionVersion"] < opened["version"]
    chat.wrote("nada más")
    assert chat.stream.until("message:received")[-1].json["sessionVersion"] > opened["version"]


def test_labels_are_those_that_were_given_last(pulso: RunningPulso, chat: Chat) -> None:
    labels = ["vip", "envío tardío", "vip"]
    assert chat.call("PATCH", chat.path, {"labels": labels})["labels"] == ["vip", "envío tardío"]
    assert chat.call("PATCH", chat.path, {"state": "open"})["labels"] == ["vip", "envío tardío"]
    assert chat.call("PATCH", chat.path, {"labels": []})["labels"] == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"mode": "robot"}, "mode"),
        ({"mode": None}, "mode"),
        ({"assignee": 7}, "assignee"),
        ({"assignee": "nobody"}, "assignee"),
        ({"mode": "bot", "assignee": "tester"}, "assignee"),
        ({"state": "done"}, "state"),
        ({"state": None}, "state"),
        ({"state": "snoozed", "snoozedUntil": "tomorrow"}, "snoozedUntil"),
        ({"snoozedUntil": "2020-01-01T00:00:00Z"}, "snoozedUntil"),
        ({"snoozedUntil": 7}, "snoozedUntil"),
        ({"state": "open", "snoozedUntil": SOON}, "snoozedUntil"),
        ({"labels": "vip"}, "labels"),
        ({"labels": None}, "labels"),
        ({"labels": ["a", ""]}, "labels.1"),
        ({"labels": ["a\nb"]}, "labels.0"),
        ({"labels": ["x" * 51]}, "labels.0"),
        ({"labels": [str(n) for n in range(21)]}, "labels"),
        ([], None),
    ],
)
def test_what_is_wrong_is_named(chat: Chat, wanted: Any, field: str | None) -> None:
    before = chat.now
    assert chat.refused("PATCH", chat.path, wanted) == (400, field)
    assert chat.now == before


def test_who_may_not_see_a_bot_is_given_none_of_its_chats(chat: Chat) -> None:
    operator = {"username": "eva", "password": "long enough", "bots": ["another"]}
    eva = chat.call("POST", "/api/operators", operator)
    assert chat.refused("PATCH", chat.path, {"assignee": eva["id"]}) == (409, "assignee")
