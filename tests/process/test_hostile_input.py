"""Whatever is thrown at an endpoint: the contract's answer, no traceback, nothing changed."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import RunningPulso, eventually, message, running

PUBLISHED = message("b", "x")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder / "data", PULSO_MAX_STREAMS_PER_USER="500", PULSO_AI="off") as pulso:
        yield pulso
        _, found, traceback = pulso.log.partition("Traceback")
        assert not found, traceback[:3000]


@pytest.fixture(scope="module")
def admin(server: RunningPulso) -> str:
    return server.admin()


@pytest.fixture(scope="module")
def bot(server: RunningPulso, admin: str) -> str:
    """A linked bot with a chat."""
    bot_id = str(server.request("POST", "/api/bots", {"name": "Tienda"}, token=admin).json["id"])
    assert server.request("POST", f"/api/bots/{bot_id}/connect", token=admin).status == 202

    def status() -> Any:
        return server.request("GET", f"/api/bots/{bot_id}/status", token=admin).json["status"]

    eventually(lambda: status() == "qr")
    phone = f"/api/simulator/bots/{bot_id}"
    assert server.request("POST", f"{phone}/scan", {"name": "Ana"}, token=admin).status == 202
    eventually(lambda: status() == "connected")
    hello = {"from": "573001112233", "name": "Leo", "text": "hola"}
    assert server.request("POST", f"{phone}/message", hello, token=admin).status == 202
    return bot_id


@pytest.fixture(scope="module")
def session(server: RunningPulso, admin: str, bot: str) -> str:
    def found() -> Any:
        path = f"/api/sessions?botId={bot}"
        return server.request("GET", path, token=admin).json["sessions"]

    return str(eventually(found)[0]["id"])


@pytest.fixture(scope="module")
def operator(server: RunningPulso, admin: str) -> str:
    new = {"username": "eva", "password": "a long password", "bots": ["b1"]}
    return str(server.request("POST", "/api/operators", new, token=admin).json["id"])


@pytest.fixture(scope="module")
def state(
    server: RunningPulso, admin: str, bot: str, session: str, operator: str
) -> Iterator[dict[str, str]]:
    """What fills the paths; whatever is sent, all that can be read stays as it was."""

    def seen() -> list[Any]:
        paths = [
            f"/api/sessions?botId={bot}",
            f"/api/sessions/{session}/messages",
            "/api/bots",
            f"/api/bots/{bot}/status",
            "/api/operators",
        ]
        return [server.request("GET", path, token=admin).json for path in paths]

    before = seen()
    yield {"bot": bot, "session": session, "operator": operator}
    assert seen() == before
    assert server.request("GET", "/readyz").status == 200


BODIES = {
    "/events": ("POST", PUBLISHED),
    "/events/renew": ("POST", {"streamId": "x"}),
    "/api/auth/login": ("POST", {"username": "eva", "password": "wrong password"}),
    "/api/operators": ("POST", {"username": "new", "password": "a long password"}),
    "/api/operators/{operator}": ("PATCH", {"bots": ["b1"]}),
    "/api/bots": ("POST", {"name": "New"}),
    "/api/bots/{bot}": ("PATCH", {"name": "New"}),
    "/api/sessions/{session}": ("PATCH", {"mode": "human"}),
    "/api/sessions/{session}/messages": ("POST", {"content": "hola"}),
    "/api/simulator/bots/{bot}/scan": ("POST", {"name": "Ana"}),
    "/api/simulator/bots/{bot}/message": ("POST", {"from": "57300", "text": "hola"}),
    "/api/simulator/bots/{bot}/typing": ("POST", {"from": "57300"}),
}

DEEP = 100_000
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n ",
    "null": b"null",
    "number": b"5",
    "string": b'"x"',
    "empty array": b"[]",
    "array of null": b"[null]",
    "no object end": b'{"a":1',
    "trailing comma": b'{"a":1,}',
    "trailing text": b"{} {}",
    "single quotes": b"{'a':1}",
    "comment": b"/* */{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "bad UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "surrogate as UTF-8": b'{"a":"\xed\xa0\x80"}',
    "truncated UTF-8": b'{"a":"\xe2\x82',
    "NUL": b"\0",
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "unclosed deep arrays": b"[" * DEEP,
    "NaN": b"NaN",
    "Infinity": b'{"a":-Infinity}',
    "a megabyte of digits": b"9" * 1_000_000,
}


@pytest.mark.parametrize("path", BODIES)
def test_no_body_that_is_not_its_json_gets_through(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method = BODIES[path][0]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for name, body in HOSTILE.items():
        answer = server.request(method, path.format(**state), body, token=token)
        allowed = {400, 413} if path == "/events" else {400}
        assert answer.status in allowed, (name, answer.status, answer.body[:200])
        assert answer.json["error"], name


IN_UNKNOWN_FIELDS: dict[str, bytes] = {
    "lone surrogate": rb'"\ud800"',
    "lone low surrogate": rb'"\udc00"',
    "reversed surrogates": rb'"\udc00\ud800"',
    "surrogate in a name": rb'{"\udfff":1}',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "deep": b"[" * 50_000 + b"]" * 50_000,
    "bad UTF-8": b'"\xff"',
    "raw control": b'"\x01"',
    "raw newline": b'"\n"',
    "bad escape": rb'"\x41"',
    "half an escape": rb'"\u12"',
    "leading zero": b"01",
    "bare word": b"undefined",
}


@pytest.mark.parametrize("path", BODIES)
def test_hostile_json_in_a_field_nobody_reads_is_refused_too(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method, good = BODIES[path]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for name, value in IN_UNKNOWN_FIELDS.items():
        body = b'{"unknown":' + value + b"," + json.dumps(good).encode()[1:]
        answer = server.request(method, path.format(**state), body, token=token)
        assert answer.status in ({400, 413} if name == "deep" else {400}), (name, answer.body[:200])


WRONG_VALUES: list[Any] = [
    None,
    5,
    1.5,
    True,
    [],
    {},
    ["x"],
    {"a": 1},
    "",
    "\0",
    "a\x1bb",
    "x" * 1_000_000,
]
# What these fields may be, among the above.
FINE: dict[str, list[Any]] = {
    "bots": [None, [], ["x"]],
}


# Any text may be a password, or the id of a stream.
@pytest.mark.parametrize("path", sorted(BODIES.keys() - {"/api/auth/login", "/events/renew"}))
def test_a_wrong_value_is_named_by_its_field(
    server: RunningPulso, admin: str, state: dict[str, str], path: str
) -> None:
    method, good = BODIES[path]
    token = server.token("publisher", publish=True) if path == "/events" else admin
    for field in good:
        for value in WRONG_VALUES:
            if value in FINE.get(field, []):
                continue
            body = {**good, field: value}
            answer = server.request(method, path.format(**state), body, token=token)
            what = (field, str(value)[:40], answer.status, answer.body[:200])
            assert answer.status in (400, 413), what
            if answer.status == 400:
                assert answer.json["field"].split(".")[0] == field, what


GETS = [
    "/api/auth/me",
    "/api/operators",
    "/api/bots",
    "/api/bots/{bot}",
    "/api/bots/{bot}/status",
    "/api/bots/{bot}/qr",
    "/api/sessions?botId={bot}",
    "/api/sessions/{session}",
    "/api/sessions/{session}/messages",
    "/api/streams",
]
DELETES = ["/api/operators/{operator}", "/api/bots/{bot}", "/api/streams/x"]
POSTS = [
    "/api/bots/{bot}/connect",
    "/api/bots/{bot}/disconnect",
    "/api/bots/{bot}/logout",
    "/api/sessions/{session}/read",
    "/api/simulator/bots/{bot}/unlink",
    "/api/simulator/bots/{bot}/drop",
    "/api/auth/refresh",
    "/api/auth/logout",
]
ALL = [
    *(("GET", path) for path in GETS),
    *(("DELETE", path) for path in DELETES),
    *(("POST", path) for path in POSTS),
    *((method, path) for path, (method, _) in BODIES.items() if path != "/api/auth/login"),
]


def body_of(path: str) -> Any:
    return BODIES[path][1] if path in BODIES else None


@pytest.mark.parametrize(("method", "path"), ALL)
def test_nobody_gets_in_without_a_good_token(
    server: RunningPulso, state: dict[str, str], method: str, path: str
) -> None:
    where, body = path.format(**state), body_of(path)
    assert server.request(method, where, body).json == {"error": "Missing token"}
    for token in ("bad", server.token(exp=1), server.token(signin="nobody's")):
        answer = server.request(method, where, body, token=token)
        assert (answer.status, answer.json) == (401, {"error": "Invalid token"})


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path in ALL if "/api/bots/{" in path or "bots/{bot}/" in path],
)
def test_a_bot_of_others_is_refused(
    server: RunningPulso, state: dict[str, str], method: str, path: str
) -> None:
    for claims in ({"bots": ["mine"]}, {"bots": []}, {"bots": ["mine"], "admin": True}):
        token = server.token("stranger", **claims)
        answer = server.request(method, path.format(**state), body_of(path), token=token)
        assert answer.status == 403, answer.body


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path in ALL if "{session}" in path]
)
def test_a_chat_of_others_is_as_one_that_is_not_there(
    server: RunningPulso, state: dict[str, str], method: str, path: str
) -> None:
    token = server.token("stranger", bots=["mine"])
    answer = server.request(method, path.format(**state), body_of(path), token=token)
    missing = path.format(**{**state, "session": "nope"})
    assert answer.status == 404
    assert answer.body == server.request(method, missing, body_of(path), token=token).body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (m, p)
        for m, p in ALL
        if "operators" in p or (m != "GET" and p in ("/api/bots", "/api/bots/{bot}"))
    ],
)
def test_what_is_for_admins_is_refused_to_others(
    server: RunningPulso, state: dict[str, str], method: str, path: str
) -> None:
    token = server.token("no-admin", bots="*", publish=True)
    answer = server.request(method, path.format(**state), body_of(path), token=token)
    assert answer.status == 403


UNKNOWN_IDS = [
    "nope",
    "%00",
    "%0a",
    "%ff",
    "%C3%A9",
    "..%2f..",
    "%e2%80%a8",
    "x" * 5000,
    "'--",
    "%F0%9F%92%A5",
]


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path in ALL if "{" in path]
)
def test_an_id_of_nothing_is_not_found(
    server: RunningPulso, admin: str, state: dict[str, str], method: str, path: str
) -> None:
    for unknown in UNKNOWN_IDS:
        where = path.format(**dict.fromkeys(state, unknown))
        answer = server.request(method, where, body_of(path), token=admin)
        allowed = {400} if unknown == "%ff" else {404}
        if "?" in path:
            allowed = {400, 404}
        assert answer.status in allowed, (unknown[:20], answer.status, answer.body[:200])
        assert answer.json["error"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e2",
        "limit=5&limit=x",
        "limit=",
        "limit=%D9%A1",
        "limit=%ff",
        "before=nope",
        "before=",
        "before=%00",
        "before=%ff",
        "before=eyJhIjoxfQ",
        "before=" + "9" * 5000,
        "q=" + "x" * 201,
        "q=%00",
        "q=%ff",
    ],
)
def test_a_wrong_query_is_named(
    server: RunningPulso, admin: str, state: dict[str, str], query: str
) -> None:
    paths = [f"/api/sessions?botId={state['bot']}&{query}"]
    if not query.startswith("q="):
        paths.append(f"/api/sessions/{state['session']}/messages?{query}")
    for path in paths:
        answer = server.request("GET", path, token=admin)
        assert answer.status == 400, (path, answer.body[:200])
        assert answer.json["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /events/stream?botId=%ff%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET /events/stream?botId=b HTTP/1.1\r\nHost: a\r\n"
        b"Cookie: \xff;=;pulso_session=\xff\r\n\r\n",
        b"GET /events/stream?botId=b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"GET /events/stream?botId=b HTTP/1.1\r\nHost: a\r\nOrigin: http://[\r\n"
        b"Cookie: pulso_session=x\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nOrigin: http://[\r\n"
        b"Content-Length: 0\r\n\r\n",
        b"GET //evil.example/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /x?token=%zz HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:70]),
)
def test_hostile_http_harms_nobody(server: RunningPulso, state: dict[str, str], raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(raw)
        sock.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
            if len(received) > 1_000_000:
                break
    assert b" 500 " not in received.partition(b"\r\n")[0], received[:300]
    assert server.request("GET", "/healthz").status == 200


def test_hostile_origins_of_a_cookie_are_refused_not_stumbled_over(server: RunningPulso) -> None:
    cookie = f"pulso_session={server.token()}"
    for origin in ("http://[", "http://[::1", "//", "null", "http://\xff"):
        answer = server.request(
            "GET", "/events/stream?botId=b", headers={"Origin": origin, "Cookie": cookie}
        )
        assert answer.status == 403, (origin, answer.body)
        answer = server.request(
            "POST", "/api/auth/logout", headers={"Origin": origin, "Cookie": cookie}
        )
        assert answer.status == 403, (origin, answer.body)
