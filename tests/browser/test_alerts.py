"""Alerts: one tab of several announces that a customer waits, none where the chat is read."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import open_chat, open_monitor

# The bot asks for a person where a customer does.
SETTINGS = {"PULSO_AI": "scripted"}

# What was played and shown, kept where a test can read it; both still happen. For playwright every
# tab has the focus; here only the one that a test puts in front.
RECORD = """() => {
    document.hasFocus = () => window.name === 'front';
    window.played = 0;
    window.notes = [];
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (...when) {
        window.played += 1;
        return start.apply(this, when);
    };
    const Shown = window.Notification;
    window.Notification = class extends Shown {
        constructor(title, options) {
            super(title, options);
            window.notes.push({ title, body: options.body, note: this });
        }
    };
}"""

# Two notes make one sound.
NOTES_OF_A_SOUND = 2


@pytest.fixture
def context(open_context: OpenContext, server: Server) -> BrowserContext:
    context = open_context()
    context.grant_permissions(["notifications"], origin=server.url)
    context.add_init_script(f"({RECORD})()")
    return context


def bring_to_front(page: Page) -> None:
    page.evaluate("window.name = 'front'; window.dispatchEvent(new Event('focus'))")


def choose(page: Page, **settings: bool) -> None:
    page.evaluate(
        "settings => localStorage.setItem('pulso alerts', JSON.stringify(settings))", settings
    )


def announced(pages: list[Page]) -> dict[str, Any]:
    """What all these tabs together have announced."""
    played = sum(page.evaluate("window.played") for page in pages)
    notes = [
        note
        for page in pages
        for note in page.evaluate("window.notes.map(({title, body}) => ({title, body}))")
    ]
    return {"sounds": played // NOTES_OF_A_SOUND, "notes": notes}


def icon(page: Page) -> str:
    href: str = page.locator("link[rel=icon]").evaluate("link => link.href")
    return href


def test_a_hand_over_is_announced_once_in_the_background_and_a_click_opens_the_chat(
    context: BrowserContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    tabs = [context.new_page() for _ in range(2)]
    tabs[0].goto("/bots")
    choose(tabs[0], desktop=True)
    for page in tabs:
        open_monitor(page, bot_id)

    # What the bot answers is nobody's to do.
    server.customer_writes(bot_id, "gracias", number="5215550002", name="Otra")
    expect(tabs[0].locator(".session")).to_have_count(1)
    server.until(lambda: server.only_session(bot_id)["unread"] == 0)
    server.until(lambda: "icon.svg" in icon(tabs[0]))
    assert announced(tabs) == {"sounds": 0, "notes": []}

    server.customer_writes(bot_id, "quiero hablar con una persona")
    server.until(lambda: announced(tabs)["notes"])
    expect(tabs[0].locator(".session", has_text="María")).to_have_count(1)
    server.until(lambda: announced(tabs)["sounds"])
    assert announced(tabs)["sounds"] == 1
    assert [note["title"] for note in announced(tabs)["notes"]] == ["María"]

    server.customer_writes(bot_id, "¿hay alguien?")
    server.until(lambda: len(announced(tabs)["notes"]) == 2)
    assert {"title": "María", "body": "¿hay alguien?"} in announced(tabs)["notes"]
    for page in tabs:
        expect(page).to_have_title(re.compile(r"^\(\d\) Chats"))
        server.until(lambda page=page: icon(page).startswith("data:image/png"))

    # One alert each, and whichever tab got it first gave it.
    teller = next(page for page in tabs if page.evaluate("window.notes.length"))
    teller.evaluate("window.notes.at(-1).note.onclick()")
    expect(teller.locator("#chat-title")).to_have_text("María")


def test_a_chat_that_is_read_in_any_tab_is_silent_and_so_is_what_is_switched_off(
    context: BrowserContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    behind, front = context.new_page(), context.new_page()
    open_monitor(behind, bot_id)
    open_chat(front, bot_id, session["id"])
    bring_to_front(front)
    choose(front, desktop=True)
    server.until(
        lambda: front.evaluate(
            "navigator.locks.query().then(({held}) => held.some(({name}) => "
            "name.startsWith('pulso-reading-')))"
        )
    )
    server.customer_writes(bot_id, "¿me leen?")
    expect(front.locator(".message", has_text="¿me leen?")).to_be_visible()
    expect(behind.locator(".session .preview")).to_have_text("¿me leen?")

    # Another chat that waits, for whoever reads this one.
    server.customer_writes(bot_id, "quiero hablar con una persona", number="5215550003", name="Eva")
    server.until(lambda: announced([behind, front])["sounds"] == 1)
    assert "María" not in [note["title"] for note in announced([behind, front])["notes"]]

    choose(front, title=False, badge=False, sound=False)
    front.reload()
    behind.reload()
    expect(behind.locator("connection-light")).to_have_text("Up to date")
    server.customer_writes(bot_id, "¿y ahora?", number="5215550003", name="Eva")
    expect(behind.locator(".session", has_text="¿y ahora?")).to_be_visible()
    expect(behind).to_have_title(re.compile(r"^Chats"))
    assert announced([behind, front]) == {"sounds": 0, "notes": []}
    assert "icon.svg" in icon(behind)
