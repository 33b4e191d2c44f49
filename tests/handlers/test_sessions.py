"""The REST face of chats, on a running server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.handlers.chat import CONTACT, Chat
from tests.running import RunningPulso, running


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module, without a bot that answers."""
    folder = tmp_path_factory.mktemp("pulso") / "data"
    with running(folder, PULSO_AI="off") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def chat(pulso: RunningPulso) -> Chat:
    return Chat(pulso)


def test_a_list_of_sessions_has_all_that_a_page_shows(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    page = chat.call("GET", f"/api/sessions?botId={chat.bot}")
    [session] = page["sessions"]
    assert session.keys() == {
        "id",
        "botId",
        "contact",
        "name",
        "mode",
        "unread",
        "createdAt",
        "lastMessage",
        "assignee",
        "state",
        "snoozedUntil",
        "labels",
        "waitingSince",
        "version",
    }
    assert (session["assignee"], session["state"], session["labels"]) == (None, "open", [])
    assert session["waitingSince"] is None and session["snoozedUntil"] is None
    assert session["contact"] == "5491155550000@s.whatsapp.net"
    assert (session["botId"], session["name"], session["unread"]) == (chat.bot, "Luz", 1)
    last = session["lastMessage"]
    assert (last["id"], last["content"], last["fromMe"], last["ack"]) == (
        "M1",
        "hola",
        False,
        None,
    )
    assert page["before"] is None and page["cursor"]
    assert chat.call("GET", chat.path)["session"] == session


def test_an_answer_shows_when_its_event_comes(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    cursor = chat.call("GET", f"{chat.path}/messages")["cursor"]
    stream = pulso.stream(chat.bot, after=cursor, token=chat.token)
    answer = pulso.request(
        "POST", f"{chat.path}/messages", {"content": "¿En qué\n\tayudo?"}, token=chat.token
    )
    assert answer.status == 202
    sent = stream.until("message:sent")[-1].json
    assert (sent["messageId"], sent["origin"]) == (answer.json["id"], "operator")
    assert stream.until("session:updated")[-1].json["session"]["mode"] == "human"
    stream.until("message:ack")
    newest = chat.call("GET", f"{chat.path}/messages")["messages"][-1]
    assert newest.keys() == {
        "id",
        "sessionId",
        "content",
        "fromMe",
        "timestamp",
        "type",
        "pushName",
        "ack",
        "origin",
        "failed",
        "media",
        "edited",
        "deleted",
        "reactions",
        "author",
        "quoted",
    }
    assert (newest["content"], newest["timestamp"]) == (sent["content"], sent["timestamp"])


def test_an_answer_says_which_operator_wrote_it_also_when_they_are_gone(
    pulso: RunningPulso,
) -> None:
    chat = Chat(pulso)
    new = {"username": "eva", "password": "long enough", "bots": [chat.bot]}
    eva = chat.call("POST", "/api/operators", new)
    login = pulso.request("POST", "/api/auth/login", {**new, "bots": None}).json["token"]
    pulso.request("POST", f"{chat.path}/messages", {"content": "uno"}, token=login)
    sent = chat.stream.until("message:sent")[-1].json
    assert sent["author"] == {"id": eva["id"], "name": "eva"}
    pulso.request("DELETE", f"/api/operators/{eva['id']}", token=chat.token)
    # Another service that answers has the name its token has.
    chat.call("POST", f"{chat.path}/messages", {"content": "dos"})
    assert chat.stream.until("message:sent")[-1].json["author"] == {
        "id": "tester",
        "name": "tester",
    }
    chat.phone("message", **{"from": CONTACT, "text": "tres", "fromMe": True})
    assert chat.stream.until("message:sent")[-1].json["author"] is None
    kept = chat.call("GET", f"{chat.path}/messages")["messages"]
    assert [message["author"] and message["author"]["name"] for message in kept] == [
        None,
        "eva",
        "tester",
        None,
    ]


def test_counts_are_of_all_chats_and_not_of_the_page(pulso: RunningPulso) -> None:
    chat, other = Chat(pulso), Chat(pulso)
    for number in range(3):
        chat.phone("message", **{"from": f"+5491100{number}", "text": "hola"})
    chat.phone("message", **{"from": CONTACT, "text": "¿hay alguien?"})
    ask = f"/api/sessions?botId={chat.bot}&limit=1"
    page = chat.call("GET", ask)
    assert len(page["sessions"]) == 1
    views = {"mine": 0, "unassigned": 0, "bot": 4, "all": 4}
    assert page["counts"] == {"unread": 4, "unreadMessages": 5, **views}
    assert chat.call("GET", f"{ask}&q=luz")["counts"] == page["counts"]
    assert chat.call("GET", f"{ask}&botId={other.bot}")["counts"]["unreadMessages"] == 6
    chat.call("POST", f"{chat.path}/read")
    after = {"unread": 3, "unreadMessages": 3, **views}
    assert chat.call("GET", ask)["counts"] == after


def test_a_chat_can_be_left_unread(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    chat.call("POST", f"{chat.path}/read")
    assert chat.call("POST", f"{chat.path}/unread")["unread"] == 1
    counts = [chat.stream.until("session:updated")[-1].json["session"]["unread"] for _ in "ab"]
    assert counts == [0, 1]
    # What is unread stays as much as it is, and nothing is announced.
    chat.phone("message", **{"from": CONTACT, "text": "¿hay alguien?"})
    assert chat.call("POST", f"{chat.path}/unread")["unread"] == 2
    assert chat.call("PATCH", chat.path, {"mode": "human"})["unread"] == 2
    assert chat.stream.until("session:updated")[-1].json["session"]["mode"] == "human"


def test_modes_and_reading(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    assert chat.call("PATCH", chat.path, {"mode": "human"})["mode"] == "human"
    assert chat.call("PATCH", chat.path, {"mode": "bot"})["mode"] == "bot"
    assert chat.call("POST", f"{chat.path}/read")["unread"] == 0
    modes = [chat.stream.until("session:updated")[-1].json["session"] for _ in range(3)]
    assert [(s["mode"], s["unread"]) for s in modes] == [("human", 1), ("bot", 1), ("bot", 0)]


def test_answering_on_a_bot_that_is_away_is_a_conflict(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    chat.call("POST", f"/api/bots/{chat.bot}/disconnect")
    chat.stream.until("bot:disconnected")
    answer = pulso.request("POST", f"{chat.path}/messages", {"content": "a"}, token=chat.token)
    assert answer.status == 409


def test_a_session_of_anothers_bot_is_as_one_that_is_not_there(
    pulso: RunningPulso, chat: Chat
) -> None:
    token = pulso.token(bots=["another"])
    answers = [
        pulso.request(method, f"/api/sessions/{session}{path}", body, token=token)
        for session in (chat.session, "ses-unknown")
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"mode": "bot"}),
            ("GET", "/messages", None),
            ("POST", "/messages", {"content": "a"}),
            ("POST", "/read", None),
        )
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}


def test_a_list_of_anothers_sessions_is_refused(pulso: RunningPulso, chat: Chat) -> None:
    path = f"/api/sessions?botId=another&botId={chat.bot}"
    assert pulso.request("GET", path, token=pulso.token(bots=["another"])).status in (403, 404)
    assert pulso.request("GET", path).status == 401


@pytest.mark.parametrize(
    "content", ["", " \n\t ", "\u200b", "x" * 65_537, "a\x00b", "a\x1bb", "a\rb", None, 7]
)
def test_content_that_cannot_be_sent_is_named(
    pulso: RunningPulso, chat: Chat, content: Any
) -> None:
    answer = pulso.request("POST", f"{chat.path}/messages", {"content": content}, token=chat.token)
    assert (answer.status, answer.json.get("field")) == (400, "content")


def test_the_longest_message_goes_out(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    chat.call("POST", f"{chat.path}/messages", {"content": "€" * 65_536})
    assert len(chat.stream.until("message:sent")[-1].json["content"]) == 65_536


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "botId"),
        ("botId=", "botId"),
        ("limit=0&botId={}", "limit"),
        ("limit=201&botId={}", "limit"),
        ("limit=-1&botId={}", "limit"),
        ("limit=a&botId={}", "limit"),
        ("before=yesterday&botId={}", "before"),
        ("q=" + "x" * 201 + "&botId={}", "q"),
        ("q=%00&botId={}", "q"),
    ],
)
def test_a_wrong_query_is_named(pulso: RunningPulso, chat: Chat, query: str, field: str) -> None:
    answer = pulso.request("GET", f"/api/sessions?{query.format(chat.bot)}", token=chat.token)
    assert (answer.status, answer.json.get("field")) == (400, field)
    if field in ("limit", "before"):
        answer = pulso.request("GET", f"{chat.path}/messages?{query}", token=chat.token)
        assert (answer.status, answer.json.get("field")) == (400, field)


@pytest.mark.parametrize("mode", ["robot", "", None])
def test_a_wrong_mode_is_named(pulso: RunningPulso, chat: Chat, mode: Any) -> None:
    answer = pulso.request("PATCH", chat.path, {"mode": mode}, token=chat.token)
    assert (answer.status, answer.json.get("field")) == (400, "mode")
