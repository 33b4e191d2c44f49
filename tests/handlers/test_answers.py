"""Beginning a chat, answering with a quote, sending once more what failed."""

from collections.abc import Iterator

import pytest

from tests.handlers.chat import CONTACT, Chat
from tests.running import RunningPulso, running

NUMBER = "+34 600 111 222"


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module, without a bot that answers."""
    with running(tmp_path_factory.mktemp("pulso") / "data", PULSO_AI="off") as server:
        yield server
        assert "Traceback" not in server.log, server.log


def test_a_chat_begins_with_a_number_or_goes_on(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    wanted = {"botId": chat.bot, "contact": NUMBER, "content": "Su pedido ha llegado"}
    answer = pulso.request("POST", "/api/sessions", wanted, token=chat.token)
    assert answer.status == 201
    session, message_id = answer.json["session"], answer.json["id"]
    assert session["contact"] == "34600111222@s.whatsapp.net"
    assert (session["mode"], session["assignee"]["name"]) == ("human", "tester")
    assert session["lastMessage"]["id"] == message_id
    seen = chat.stream.until("message:sent")
    assert [one.json["type"] for one in seen if one.json["type"] != "chat:typing"] == [
        "session:created",
        "message:sent",
    ]
    assert seen[-1].json["messageId"] == message_id
    assert chat.stream.until("session:updated")[-1].json["session"] == session
    chat.stream.until("message:ack")
    again = chat.call("POST", "/api/sessions", {**wanted, "contact": "34600111222@s.whatsapp.net"})
    assert again["session"]["id"] == session["id"]
    # The customer's answer comes into the same chat.
    chat.phone("message", **{"from": NUMBER, "name": "Ana", "text": "gracias"})
    received = chat.stream.until("message:received")[-1].json
    assert received["sessionId"] == session["id"]


def test_who_can_not_be_written_to_is_named(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    wanted = {"botId": chat.bot, "contact": NUMBER, "content": "hola"}
    for field, value in (
        ("contact", "Ana"),
        ("contact", "0034600111222"),
        ("contact", "1" * 16),
        ("contact", "12345@g.us"),
        ("content", " "),
        ("botId", ""),
    ):
        refused = chat.refused("POST", "/api/sessions", {**wanted, field: value})
        assert refused == (400, field), value
    assert chat.refused("POST", "/api/sessions", {**wanted, "botId": "nobody"})[0] == 404
    other = pulso.token(bots=["another"])
    assert pulso.request("POST", "/api/sessions", wanted, token=other).status == 403
    chat.call("POST", f"/api/bots/{chat.bot}/disconnect")
    chat.stream.until("bot:disconnected")
    assert chat.refused("POST", "/api/sessions", wanted)[0] == 409
    # Refused as a whole: no empty chat is left behind.
    assert len(chat.call("GET", f"/api/sessions?botId={chat.bot}")["sessions"]) == 1


def test_quotes_go_both_ways(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    answer = {"content": "¿Cuál?", "quoted": "M1"}
    message_id = chat.call("POST", f"{chat.path}/messages", answer)["id"]
    sent = chat.stream.until("message:sent")[-1].json
    assert sent["quoted"] == {"id": "M1", "content": "hola", "type": "text", "fromMe": False}
    quoting = {"from": CONTACT, "text": "el rojo", "quoted": message_id}
    chat.phone("message", **quoting, id="M2")
    received = chat.stream.until("message:received")[-1].json["message"]
    ours = {"id": message_id, "content": "¿Cuál?", "type": "text", "fromMe": True}
    assert received["quoted"] == ours
    # What is from before our time is quoted as far as it is known.
    chat.phone("message", **{**quoting, "quoted": "BEFORE"}, id="M3")
    unknown = {"id": "BEFORE", "content": "", "type": "text", "fromMe": None}
    stored = chat.call("GET", f"{chat.path}/messages")["messages"]
    assert [message["quoted"] for message in stored] == [None, sent["quoted"], ours, unknown]
    for quoted in ("NOBODY", "", 7):
        wrong = {"content": "¿Cuál?", "quoted": quoted}
        assert chat.refused("POST", f"{chat.path}/messages", wrong) == (400, "quoted")


def test_only_what_failed_is_sent_once_more(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    message_id = chat.call("POST", f"{chat.path}/messages", {"content": "sí"})["id"]
    retry = f"{chat.path}/messages/{message_id}/retry"
    assert chat.refused("POST", retry)[0] == 409
    assert chat.refused("POST", f"{chat.path}/messages/NOBODY/retry")[0] == 404
    assert chat.refused("POST", f"/api/sessions/ses-no/messages/{message_id}/retry")[0] == 404
