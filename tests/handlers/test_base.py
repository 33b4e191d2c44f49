"""What every answer has, who may call from where, and how a refusal looks."""

import http.client
from typing import Any

import pytest

from tests.running import RunningPulso, message

PANEL = "https://panel.example.com"


@pytest.mark.parametrize("path", ["/healthz", "/api/auth/me", "/nope", "/metrics"])
def test_every_answer_is_kept_by_nobody_and_names_no_software(
    server: RunningPulso, path: str
) -> None:
    headers = server.request("GET", path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] is None
    assert headers["Etag"] is None


@pytest.mark.parametrize("path", ["/nope", "/api", "/api/nope", "/events/nope", "/healthz/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_what_isnt_there_is_404_in_json(server: RunningPulso, path: str, method: str) -> None:
    answer = server.request(method, path, {} if method == "POST" else None)
    assert (answer.status, answer.json) == (404, {"error": "Not Found"})
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_method_that_isnt_there_is_405_in_json(server: RunningPulso) -> None:
    answer = server.request("PUT", "/api/bots", {}, token=server.token())
    assert (answer.status, answer.json) == (405, {"error": "Method Not Allowed"})
    assert answer.headers["Allow"] == "GET, POST, OPTIONS"


ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://sub.localhost", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/events", message("cross", "x")),
        ("POST", "/api/auth/logout", None),
        ("POST", "/api/auth/login", {"username": "admin", "password": "x"}),
        ("POST", "/api/bots", {"name": "x"}),
        ("DELETE", "/api/bots/x", None),
        ("PATCH", "/api/operators/x", {}),
    ],
)
def test_another_site_changes_nothing_with_its_visitors_cookie(
    server: RunningPulso, headers: dict[str, str], method: str, path: str, body: Any
) -> None:
    cookie = f"pulso_session={server.token(admin=True, publish=True)}"
    answer = server.request(method, path, body, headers={**headers, "Cookie": cookie})
    assert answer.status == 403
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_an_allowed_origin_may_call_with_the_cookie(server: RunningPulso) -> None:
    headers = {
        "Origin": PANEL,
        "Sec-Fetch-Site": "cross-site",
        "Cookie": f"pulso_session={server.token(publish=True)}",
    }
    answer = server.request("POST", "/events", message("cross", "x"), headers=headers)
    assert answer.status == 202
    assert answer.headers["Access-Control-Allow-Origin"] == PANEL
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_an_allowed_origin_can_read_its_refusals(server: RunningPulso) -> None:
    for path in ("/api/auth/me", "/nope", "/events/stream"):
        answer = server.request("GET", path, headers={"Origin": PANEL})
        assert answer.status in (401, 404)
        assert answer.headers["Access-Control-Allow-Origin"] == PANEL


@pytest.mark.parametrize(
    "origin", ["https://panel.example.com.evil.example", "http://panel.example.com", "*", ""]
)
def test_no_other_origin_is_echoed(server: RunningPulso, origin: str) -> None:
    answer = server.request("GET", "/healthz", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/events/stream", "GET, HEAD, OPTIONS"),
        ("/events", "POST, OPTIONS"),
        ("/api/bots", "GET, POST, OPTIONS"),
        ("/api/operators/x", "PATCH, DELETE, OPTIONS"),
    ],
)
def test_a_preflight_says_what_is_allowed(server: RunningPulso, path: str, methods: str) -> None:
    answer = server.request("OPTIONS", path, headers={"Origin": PANEL})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == methods
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("authorization", "content-type", "idempotency-key", "last-event-id"):
        assert name in allowed
    stranger = server.request("OPTIONS", path, headers={"Origin": "https://evil.example"})
    assert stranger.status == 204
    assert stranger.headers["Access-Control-Allow-Methods"] is None


def test_a_connection_is_used_for_one_request_after_another(server: RunningPulso) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        for _ in range(3):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b'{"status":"ok"}'
            connection.request("POST", "/events", b"{" + b" " * 2_000_000)
            refused = connection.getresponse()
            assert refused.status == 401
            refused.read()
    finally:
        connection.close()
