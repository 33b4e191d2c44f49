"""Whatever is asked for, by whomever: the contract's answer, no traceback, nothing changed."""

import socket
from typing import Any

import pytest

from tests.process.hostile.test_bodies import BODIES
from tests.running import RunningPulso

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
