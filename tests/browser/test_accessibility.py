"""axe finds nothing on any page in any state, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import OpenContext
from tests.browser.server import Server

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core (npm ci)")


@pytest.fixture(params=["light", "dark"])
def context(request: pytest.FixtureRequest, open_context: OpenContext) -> Iterator[BrowserContext]:
    yield open_context(color_scheme=request.param)


def test_signing_in(open_context: OpenContext) -> None:
    page = open_context(signed_in=False).new_page()
    page.goto("/login")
    assert violations(page) == []
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert violations(page) == []
    page.goto("/no/such/page")
    expect(page.get_by_role("heading")).to_be_visible()
    assert violations(page) == []


def test_the_bots_the_operators_and_the_settings(context: BrowserContext, server: Server) -> None:
    server.linked_bot()
    page = context.new_page()
    page.goto("/bots")
    expect(page.locator(".day-chart").first).to_be_visible()
    assert violations(page) == []
    page.goto("/streams")
    expect(page.locator("#checked")).not_to_be_empty()
    assert violations(page) == []
    page.goto("/settings")
    expect(page.locator("#who")).not_to_be_empty()
    assert violations(page) == []
    page.goto("/operators")
    expect(page.locator("#operator-list li").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Add operator").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


def test_a_bots_page(context: BrowserContext, server: Server) -> None:
    bot_id = server.add_bot()
    page = context.new_page()
    page.goto(f"/bots/{bot_id}")
    expect(page.locator("bot-connection .status")).to_have_text("Disconnected")
    assert violations(page) == []
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("bot-connection img")).to_be_visible()
    assert violations(page) == []
    server.post(f"/api/simulator/bots/{bot_id}/scan", name="Ana")
    expect(page.locator("bot-connection .status")).to_have_text("Connected")
    assert violations(page) == []
    page.get_by_role("button", name="Unlink from WhatsApp").click()
    assert violations(page) == []
    page.goto("/bots/nothing")
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert violations(page) == []


def open_states(page: Page, server: Server) -> Iterator[str]:
    """The monitor in one state after the other."""
    bot_id = server.linked_bot()
    page.goto(f"/monitor?botId={bot_id}")
    expect(page.locator("#no-sessions")).to_be_visible()
    yield "no chats"
    session = server.quiet_session(bot_id)
    expect(page.locator(".session")).to_have_count(1)
    yield "a chat"
    page.get_by_label("Search chats").fill("nothing like it")
    expect(page.locator("#no-sessions")).to_be_visible()
    yield "no match"
    page.get_by_label("Search chats").fill("")
    page.locator(".session").click()
    page.get_by_label("Write a message").fill("Hola")
    page.keyboard.press("Enter")
    expect(page.locator(".message.mine .ack[data-ack=read]")).to_be_visible()
    yield "an open chat"
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("menu")).to_be_visible()
    yield "a menu"
    page.keyboard.press("Escape")
    page.locator("#show-contact").click()
    expect(page.locator("#contact-chats button").first).to_be_visible()
    yield "the contact"
    page.locator("#hide-contact").click()
    page.get_by_label("Write a message").press_sequentially("/")
    expect(page.get_by_role("listbox")).to_be_visible()
    yield "canned replies"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "canned replies are changed"
    page.keyboard.press("Escape")
    page.get_by_label("Write a message").fill("")
    page.get_by_role("button", name="New chat").click()
    yield "a new chat"
    page.keyboard.press("Escape")
    page.locator(".log").focus()
    page.keyboard.press("?")
    yield "the keys"
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Unassigned").click()
    expect(page.locator("#no-sessions")).to_be_visible()
    yield "an empty tab"
    page.get_by_role("tab", name="All").click()
    server.post(f"/api/bots/{bot_id}/disconnect")
    expect(page.locator(".composer .off")).to_be_visible()
    page.get_by_label("Write a message").fill("Ahora no")
    page.keyboard.press("Enter")
    expect(page.locator("#send-problem")).not_to_be_empty()
    yield "a bot that is away"
    page.goto(f"/monitor?botId={bot_id}#{session['id']}-no")
    page.reload()
    expect(page.locator("#chat-problem")).not_to_be_empty()
    yield "a chat that is gone"


def test_the_monitor(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    found = {state: violations(page) for state in open_states(page, server)}
    assert found == {state: [] for state in found}


def test_the_simulator(context: BrowserContext, server: Server) -> None:
    bot_id = server.linked_bot()
    page = context.new_page()
    page.goto(f"/simulator?botId={bot_id}")
    expect(page.locator("#status")).to_contain_text("Connected")
    page.get_by_label("Number").fill("5215557777")
    page.get_by_role("button", name="Add").click()
    assert violations(page) == []
