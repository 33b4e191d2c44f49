"""POST /events: another service's events, all of them or none; and renewing a stream."""

import json
from typing import Any

import pytest

from tests.running import Answer, RunningPulso, message

IMAGE = "data:image/png;base64,AA"


def post(server: RunningPulso, body: Any, token: str | None = None, **headers: str) -> Answer:
    token = server.token("publisher", publish=True) if token is None else token
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.request("POST", "/events", body, token=token or None, headers=sent)


def head(server: RunningPulso) -> str:
    """The id of the newest event of all."""
    stream = server.stream("nobody")
    cursor = stream.next().id
    stream.close()
    return cursor


EVENTS: list[dict[str, Any]] = [
    {"type": "bot:qr", "qr": "data:image/png;base64,AA"},
    {"type": "bot:qr", "qr": IMAGE, "code": "2@x", "seq": 1, "expiresAt": "2026-01-01T00:00:00Z"},
    {"type": "bot:connected", "user": {"id": "573001@s.whatsapp.net", "name": None}},
    {"type": "bot:connected", "user": {"id": "573001@s.whatsapp.net"}},
    {"type": "bot:disconnected", "statusCode": 515},
    {"type": "bot:disconnected", "statusCode": None, "willReconnect": True, "retryInMs": 0},
    {"type": "bot:connecting"},
    {"type": "bot:qr-expired"},
    {"type": "message:received", "sessionId": "s", "message": {"id": "m", "content": ""}},
    {"type": "message:sent", "sessionId": "s", "content": "hola"},
    {"type": "message:sent", "sessionId": "s", "content": "x", "origin": "phone"},
    {"type": "message:ack", "sessionId": "s", "messageId": "m", "ack": "read"},
    {"type": "message:ack", "sessionId": "s", "messageId": "m", "ack": None},
    {"type": "message:failed", "sessionId": "s", "messageId": "m", "reason": "off"},
    {"type": "session:created", "session": {"id": "s"}},
    {"type": "session:updated", "session": {"id": "s", "unread": 0, "mode": "human"}},
    {"type": "chat:typing", "sessionId": "s", "who": "contact", "state": "composing"},
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event["type"]))
def test_every_event_of_the_union_travels(server: RunningPulso, event: dict[str, Any]) -> None:
    stream = server.stream("union")
    stream.next()
    answer = post(server, {**event, "botId": "union"})
    assert answer.status == 202, answer.body
    heard = stream.next()
    assert heard.id == answer.json["id"]
    assert heard.json["botId"] == "union"

    def holds(found: Any, given: Any) -> bool:
        if isinstance(given, dict):
            return all(holds(found[name], value) for name, value in given.items())
        return bool(found == given or str(given).startswith("2026"))

    assert holds(heard.json, event)
    stream.close()


def test_one_event_answers_with_its_id_and_an_array_with_theirs(server: RunningPulso) -> None:
    assert set(post(server, message("b", "one")).json) == {"id"}
    assert len(post(server, [message("b", "one")]).json["ids"]) == 1
    ids = post(server, [message("b", str(n)) for n in range(1000)]).json["ids"]
    assert len(ids) == 1000
    assert ids == sorted(ids)


def test_times_are_told_in_one_form_and_unknown_fields_are_dropped(server: RunningPulso) -> None:
    stream = server.stream("form")
    stream.next()
    given = message("form", "x", timestamp="2026-11-24T07:30:00+02:00", nope=1)
    assert post(server, {**given, "extra": {"deep": [1]}}).status == 202
    heard = stream.next().json
    assert heard["message"]["timestamp"] == "2026-11-24T05:30:00.000Z"
    assert "extra" not in heard
    assert "nope" not in heard["message"]


RECEIVED = {"type": "message:received", "botId": "b", "sessionId": "s"}


WRONG: list[tuple[Any, str | None]] = [
    ({}, "type"),
    ({"botId": "b"}, "type"),
    ({"type": "bot:nope", "botId": "b"}, "type"),
    ({"type": "connected", "botId": "b"}, "type"),
    ({"type": 5, "botId": "b"}, "type"),
    ({"type": "bot:qr", "qr": IMAGE}, "botId"),
    ({"type": "bot:qr", "qr": IMAGE, "botId": None}, "botId"),
    ({"type": "bot:qr", "qr": IMAGE, "botId": ""}, "botId"),
    ({"type": "bot:qr", "qr": IMAGE, "botId": "x" * 129}, "botId"),
    ({"type": "bot:qr", "qr": IMAGE, "botId": "a\nb"}, "botId"),
    ({"type": "bot:qr", "qr": IMAGE, "botId": "a\u2028"}, "botId"),
    ({"type": "bot:qr", "botId": "b"}, "qr"),
    ({"type": "bot:qr", "botId": "b", "qr": ""}, "qr"),
    # The page shows it as an image: nothing that loads something from elsewhere, or runs.
    ({"type": "bot:qr", "botId": "b", "qr": "https://example.com/track.png"}, "qr"),
    ({"type": "bot:qr", "botId": "b", "qr": "javascript:alert(1)"}, "qr"),
    ({"type": "bot:qr", "botId": "b", "qr": "data:text/html,<script>"}, "qr"),
    ({"type": "bot:qr", "botId": "b", "qr": "x\ndata:image/png,"}, "qr"),
    ({"type": "bot:qr", "botId": "b", "qr": IMAGE, "seq": "1"}, "seq"),
    ({"type": "bot:qr", "botId": "b", "qr": IMAGE, "seq": 1.5}, "seq"),
    ({"type": "bot:qr", "botId": "b", "qr": IMAGE, "expiresAt": "soon"}, "expiresAt"),
    (
        {"type": "bot:qr", "botId": "b", "qr": IMAGE, "expiresAt": "2026-01-01T00:00:00"},
        "expiresAt",
    ),
    ({"type": "bot:connected", "botId": "b"}, "user"),
    ({"type": "bot:connected", "botId": "b", "user": "ana"}, "user"),
    ({"type": "bot:connected", "botId": "b", "user": {}}, "user.id"),
    ({"type": "bot:disconnected", "botId": "b"}, "statusCode"),
    ({"type": "bot:disconnected", "botId": "b", "statusCode": "515"}, "statusCode"),
    ({"type": "bot:disconnected", "botId": "b", "statusCode": 1, "retryInMs": -1}, "retryInMs"),
    ({**RECEIVED}, "message"),
    ({**RECEIVED, "message": {"id": "m"}}, "message.content"),
    ({**RECEIVED, "message": {"content": "x"}}, "message.id"),
    ({**RECEIVED, "message": {"id": "m", "content": 5}}, "message.content"),
    ({**RECEIVED, "message": {"id": "m\n", "content": "x"}}, "message.id"),
    ({**RECEIVED, "message": {"id": "m", "content": "x", "fromMe": True}}, "message.fromMe"),
    ({**RECEIVED, "message": {"id": "m", "content": "x", "ack": "seen"}}, "message.ack"),
    ({**RECEIVED, "message": {"id": "m", "content": "x", "timestamp": 5}}, "message.timestamp"),
    ({"type": "message:sent", "botId": "b", "sessionId": "s"}, "content"),
    ({"type": "message:sent", "botId": "b", "content": "x"}, "sessionId"),
    (
        {"type": "message:sent", "botId": "b", "sessionId": "s", "content": "", "origin": "me"},
        "origin",
    ),
    ({"type": "session:created", "botId": "b"}, "session"),
    ({"type": "session:created", "botId": "b", "session": {"id": "s", "unread": -1}}, None),
    (
        {
            "type": "session:created",
            "botId": "b",
            "session": {"id": "s", "lastMessage": {"id": "m"}},
        },
        "session.lastMessage.content",
    ),
    ("text", None),
    (5, None),
    (None, None),
    (True, None),
    ([[]], None),
]


@pytest.mark.parametrize(("event", "field"), WRONG, ids=lambda value: json.dumps(value)[:60])
def test_what_is_wrong_is_named_by_field_and_index_and_nothing_is_published(
    server: RunningPulso, event: Any, field: str | None
) -> None:
    before = head(server)
    if not isinstance(event, list):
        single = post(server, event if event is not None else b"null")
        assert (single.status, single.json["index"]) == (400, 0), single.json
        assert field is None or single.json["field"] == field
    answer = post(server, [message("b", "good"), event, message("b", "good")])
    assert (answer.status, answer.json["index"]) == (400, 1), answer.json
    assert field is None or answer.json["field"] == field
    assert head(server) == before


def test_the_right_to_publish_is_asked_for_before_the_body_is_looked_at(
    server: RunningPulso,
) -> None:
    plain = {"Content_Type": "text/plain"}
    assert post(server, b"{", token="").json == {"error": "Missing token"}
    assert post(server, b"{", token="bad").json == {"error": "Invalid token"}
    assert post(server, b"{", token=server.token(), **plain).status == 403
    assert post(server, b"{", token=server.token(publish=False)).status == 403
    assert post(server, b"{", token=server.token(admin=True)).status == 403
    assert post(server, b"{", **plain).status == 415
    assert post(server, b"{" + b" " * 1_048_576, **plain).status == 415
    assert post(server, b"{" + b" " * 1_048_576).status == 413
    narrow = server.token(publish=True, bots=["mine"])
    mixed = [message("mine", "x"), message("theirs", "x")]
    assert post(server, [*mixed, {}], token=narrow).status == 400
    assert post(server, mixed, token=narrow).status == 403
    assert post(server, mixed[0], token=narrow).status == 202


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ("Application/JSON;charset=UTF-8", 202),
        ('application/json; charset="utf-8"', 202),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_only_json_in_utf_8_is_taken(server: RunningPulso, kind: str, status: int) -> None:
    assert post(server, message("b", "x"), Content_Type=kind).status == status


def test_sizes_are_bounded_and_exact(server: RunningPulso) -> None:
    def sized(size: int) -> bytes:
        empty = json.dumps(message("b", "", id="m")).encode()
        return json.dumps(message("b", "x" * (size - len(empty)), id="m")).encode()

    assert len(sized(65_536)) == 65_536
    assert post(server, sized(65_536)).status == 202
    assert post(server, sized(65_537)).status == 413
    several = post(server, b"[%b,%b]" % (sized(100), sized(65_537)))
    assert (several.status, several.json["index"]) == (413, 1)
    fits = b"[" + b",".join([sized(65_000)] * 16) + b"]"
    assert post(server, fits + b" " * (1_048_576 - len(fits))).status == 202
    assert post(server, fits + b" " * (1_048_577 - len(fits))).status == 413
    assert post(server, b" " * 20_000_000).status == 413


def test_the_number_of_events_is_bounded(server: RunningPulso) -> None:
    assert post(server, b"[]").status == 400
    assert post(server, b" [ ] ").status == 400
    before = head(server)
    assert post(server, [message("b", "x")] * 1001).status == 400
    assert head(server) == before


def test_what_is_202_is_in_the_history(server: RunningPulso) -> None:
    place = head(server)
    ids = server.publish(message("kept", "one"), message("kept", "two"))
    assert [event.id for event in server.stream("kept", after=place).take(3)[1:]] == ids
