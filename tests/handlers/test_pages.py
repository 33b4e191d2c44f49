"""The pages' door: who is let in, where the others go, what the browser is told."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.web import Application

from handlers.pages import POLICY, MissingPageHandler, routes
from services.errors import Unauthorized


class Access:
    """Lets in whoever has the token ``good``."""

    def missing(self, token: str) -> None:
        """There is no other process that might know one."""

    def authorize(self, token: str) -> str:
        if token != "good":
            raise Unauthorized("Invalid token")
        return token


@pytest.fixture
def app() -> Application:
    return Application(
        routes(access=Access()),
        default_handler_class=MissingPageHandler,
        default_handler_args={"access": Access()},
        trusted_origins=frozenset(),
    )


@pytest.fixture
def ask(http_server, http_port):  # type: ignore[no-untyped-def]
    async def ask(
        path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> HTTPResponse:
        return await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{http_port}{path}",
            method=method,
            body=body,
            headers=headers,
            follow_redirects=False,
            raise_error=False,
        )

    return ask


@pytest.mark.parametrize(
    "path", ["/bots", "/bots/b%201", "/monitor?botId=a&botId=b", "/simulator", "/monitor"]
)
@pytest.mark.gen_test
async def test_a_stranger_is_sent_to_sign_in_and_back(ask, path):  # type: ignore[no-untyped-def]
    answer = await ask(path)
    assert answer.code == 302
    assert answer.headers["Location"] == "/login?next=" + quote(path, safe="")


@pytest.mark.gen_test
async def test_a_path_that_looks_like_a_host_is_no_way_out(ask):  # type: ignore[no-untyped-def]
    answer = await ask("//evil.example/bots")
    assert answer.code == 404


@pytest.mark.parametrize("path", ["/bots", "/bots/b1", "/monitor?botId=a", "/simulator"])
@pytest.mark.gen_test
async def test_a_signed_in_visitor_gets_the_page(ask, path):  # type: ignore[no-untyped-def]
    answer = await ask(path, Cookie="pulso_session=good")
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.gen_test
async def test_the_sign_in_page_is_open(ask):  # type: ignore[no-untyped-def]
    answer = await ask("/login")
    assert answer.code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.gen_test
async def test_the_root_leads_to_the_bots(ask):  # type: ignore[no-untyped-def]
    answer = await ask("/")
    assert (answer.code, answer.headers["Location"]) == (302, "/bots")


@pytest.mark.gen_test
async def test_an_asset_seen_before_is_not_sent_again(ask):  # type: ignore[no-untyped-def]
    first = await ask("/static/js/events.js")
    assert first.code == 200
    assert "javascript" in first.headers["Content-Type"]
    assert first.headers["Cache-Control"] == "no-cache"
    again = await ask("/static/js/events.js", **{"If-None-Match": first.headers["Etag"]})
    assert again.code == 304


@pytest.mark.parametrize(
    "path", ["/static/monitor.html", "/static/../main.py", "/static/%2e%2e/main.py", "/static/"]
)
@pytest.mark.gen_test
async def test_only_assets_are_served_as_such(ask, path):  # type: ignore[no-untyped-def]
    assert (await ask(path)).code in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/static/js/none.js",
        "/static/js/%00.js",
        "/static/js/%00",
        "/static/" + "x" * 5000,
        "/static/monitor.html",
        "/static/js",
    ],
)
@pytest.mark.gen_test
async def test_what_is_no_asset_is_refused_as_everywhere(ask, path):  # type: ignore[no-untyped-def]
    answer = await ask(path)
    assert answer.code in (403, 404)
    assert answer.code == 404 or path == "/static/js"
    assert "error" in json.loads(answer.body)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers


@pytest.mark.gen_test
async def test_an_asset_has_the_headers_of_a_page(ask):  # type: ignore[no-untyped-def]
    answer = await ask("/static/icon.svg")
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.gen_test
async def test_an_asset_takes_no_post(ask):  # type: ignore[no-untyped-def]
    answer = await ask("/static/js/events.js", method="POST", body=b"")
    assert answer.code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_no_page_has_inline_code_or_foreign_addresses() -> None:
    for page in (Path(__file__).resolve().parents[2] / "static").glob("*.html"):
        text = page.read_text()
        assert "<style" not in text and " style=" not in text, page.name
        assert "<script>" not in text and " onclick=" not in text, page.name
        assert "//" not in text.replace("<!doctype", ""), page.name


@pytest.mark.parametrize(
    ("asked", "to"),
    [
        ("/login", "/bots"),
        ("/login?next=%2Fmonitor%3FbotId%3Da%26botId%3Db%23s-1", "/monitor?botId=a&botId=b#s-1"),
        ("/login?next=https%3A%2F%2Fevil.example", "/bots"),
        ("/login?next=%2F%2Fevil.example", "/bots"),
        ("/login?next=%2F%5Cevil.example", "/bots"),
        ("/login?next=%2F%09%2Fevil.example", "/bots"),
        ("/login?next=%0D%0AX%3A%20y", "/bots"),
    ],
)
@pytest.mark.gen_test
async def test_who_is_signed_in_is_not_asked_again(ask, asked, to):  # type: ignore[no-untyped-def]
    answer = await ask(asked, Cookie="pulso_session=good")
    assert (answer.code, answer.headers["Location"]) == (302, to)
    assert (await ask(asked, Cookie="pulso_session=bad")).code == 200


@pytest.mark.gen_test
async def test_an_address_that_is_none_is_a_page_for_people(ask):  # type: ignore[no-untyped-def]
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"
    page = await ask("/no/such/page", Accept=browser)
    assert page.code == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == POLICY
    assert b"/bots" in page.body
    for path, accept in (("/no/such/page", "*/*"), ("/api/none", browser)):
        answer = await ask(path, Accept=accept)
        assert answer.code == 404
        assert json.loads(answer.body) == {"error": "Not Found"}
