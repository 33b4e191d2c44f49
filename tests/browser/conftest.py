"""One Chromium and one server for all tests of a module; a fresh context for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.server import PATIENCE_SECONDS, Server

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenContext = Callable[..., BrowserContext]

# A page that comes back waits up to 5 s by itself. What has to be quick says so where it is tested.
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


# Not for the session: while playwright lives in a thread, no other event loop runs there.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


# A bot that answers a customer's first message races the tests that take the chat over first.
SILENT = {"PULSO_AI": "off"}


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The bots are silent, but for a module whose ``SETTINGS`` say otherwise."""
    settings = getattr(request.module, "SETTINGS", SILENT)
    server = Server(tmp_path_factory.mktemp("pulso"), settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of a test wrote to the console: errors and warnings."""
    return []


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be killed."""
    server = Server(tmp_path / "frail", SILENT)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Server]:
    """A server whose heart beats every second."""
    server = Server(tmp_path / "quick", {**SILENT, "PULSO_HEARTBEAT_SECONDS": "1"})
    server.start()
    yield server
    server.stop()


def contexts(browser: Browser, server: Server, complaints: list[str]) -> Iterator[OpenContext]:
    opened: list[BrowserContext] = []

    def open_one(*, signed_in: bool = True, **options: Any) -> BrowserContext:
        context = browser.new_context(
            base_url=server.url, **{"locale": "en-US", "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: (
                complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        if signed_in:
            cookie = server.api.cookies["pulso_session"]
            context.add_cookies([{"name": "pulso_session", "value": cookie, "url": server.url}])
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def open_context(browser: Browser, server: Server, complaints: list[str]) -> Iterator[OpenContext]:
    """Another browser profile; ``signed_in`` unless told otherwise."""
    yield from contexts(browser, server, complaints)


@pytest.fixture
def open_frail(browser: Browser, frail: Server, complaints: list[str]) -> Iterator[OpenContext]:
    """As ``open_context``, of the server that may be killed."""
    yield from contexts(browser, frail, complaints)


@pytest.fixture
def open_quick(browser: Browser, quick: Server, complaints: list[str]) -> Iterator[OpenContext]:
    """As ``open_context``, of the server with the quick heart."""
    yield from contexts(browser, quick, complaints)


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    return open_context().new_page()


LAURAS_PASSWORD = "a password for laura"


@pytest.fixture(scope="module")
def bot_id(server: Server) -> str:
    """A linked bot of all tests of a module, whose operators are the administrator and laura."""
    server.post("/api/operators", username="laura", password=LAURAS_PASSWORD, bots="*", admin=False)
    return server.linked_bot("Ventas")


@pytest.fixture
def laura(open_context: OpenContext, bot_id: str) -> Page:
    """Another operator's browser."""
    page = open_context(signed_in=False).new_page()
    words = {"username": "laura", "password": LAURAS_PASSWORD}
    assert page.request.post("/api/auth/login", data=words).ok
    return page
