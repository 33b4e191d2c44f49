"""The monitor: what happens in a chat shows once, at once, on the right side."""

import re
import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server


def open_monitor(page: Page, bot_id: str, more: str = "") -> None:
    page.goto(f"/monitor?botId={bot_id}{more}")
    expect(page.locator("connection-light")).to_have_text("Up to date")


def open_chat(page: Page, bot_id: str, session_id: str, more: str = "") -> None:
    page.goto(f"/monitor?botId={bot_id}{more}#{session_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    expect(page.locator("#composer")).to_be_visible()


def messages(page: Page, text: str) -> Locator:
    return page.locator(".message", has_text=text)


def test_a_customers_message_shows_in_two_windows_within_a_second(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    pages = [open_context().new_page() for _ in range(2)]
    for page in pages:
        open_chat(page, bot_id, session["id"])
        page.evaluate(
            """() => {
                const log = document.querySelector('.messages');
                new MutationObserver(() => {
                    if (log.textContent.includes('¿Siguen ahí?')) window.seenAt ??= Date.now();
                }).observe(log, { subtree: true, childList: true, characterData: true });
            }"""
        )
    wrote_at = time.time()
    server.customer_writes(bot_id, "¿Siguen ahí?")
    for page in pages:
        expect(messages(page, "¿Siguen ahí?")).to_have_count(1)
        assert page.evaluate("window.seenAt") / 1000 - wrote_at < 1


def test_the_list_counts_what_is_unread_and_an_open_chat_reads_it(
    page: Page, server: Server
) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id, "uno")
    open_monitor(page, bot_id)
    row = page.locator(".session")
    expect(row.locator(".unread")).to_have_text("1")
    server.customer_writes(bot_id, "dos")
    expect(row.locator(".unread")).to_have_text("2")
    expect(row.locator(".preview")).to_have_text("dos")
    expect(page).to_have_title(re.compile(r"^\(2\)"))
    row.click()
    expect(row.locator(".unread")).to_be_hidden()
    expect(page).to_have_title(re.compile(r"^Chats"))
    assert server.only_session(bot_id)["unread"] == 0


def test_a_new_customer_appears_in_the_list(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_monitor(page, bot_id)
    expect(page.locator("#no-sessions")).to_be_visible()
    server.customer_writes(bot_id, "buenas", number="5215559999", name="Nueva")
    expect(page.locator(".session .name")).to_have_text("Nueva")
    expect(page.locator("#no-sessions")).to_be_hidden()


def test_older_messages_come_when_asked_for(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "número 0")
    for number in range(1, 61):
        server.customer_writes(bot_id, f"número {number}")
    server.until(lambda: server.get(f"/api/sessions/{session['id']}")["session"]["unread"] == 61)
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(50)
    page.locator(".log").evaluate("log => log.scrollTo(0, 0)")
    expect(page.locator(".message")).to_have_count(61)
    expect(page.locator(".message .text").first).to_have_text("número 0")
    expect(page.get_by_role("button", name="Older messages")).to_be_hidden()


def test_a_search_finds_a_chat(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.customer_writes(bot_id, "hola", number="5215550011", name="Carmen")
    server.customer_writes(bot_id, "hola", number="5215550012", name="Dolores")
    open_monitor(page, bot_id)
    expect(page.locator(".session")).to_have_count(2)
    page.get_by_label("Search chats").fill("carm")
    expect(page.locator(".session .name")).to_have_text(["Carmen"])
    page.get_by_label("Search chats").fill("")
    expect(page.locator(".session")).to_have_count(2)


def test_a_refused_answer_stays_in_the_composer(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    open_chat(page, bot_id, session["id"])
    server.post(f"/api/bots/{bot_id}/disconnect")
    server.until(lambda: server.status(bot_id) == "disconnected")
    page.get_by_label("Write a message").fill("No se pierde")
    page.keyboard.press("Enter")
    expect(page.locator("#send-problem")).not_to_be_empty()
    expect(page.get_by_label("Write a message")).to_have_value("No se pierde")
    expect(messages(page, "No se pierde")).to_have_count(0)


def test_an_idle_monitor_asks_for_nothing(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    page.clock.install()
    open_monitor(page, bot_id)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def rest(seconds: int) -> list[str]:
        """What was asked for in so long."""
        asked.clear()
        for _ in range(seconds):
            page.clock.fast_forward(1_000)
        page.evaluate("() => fetch('/healthz')")  # whatever was asked before this has been seen
        return [url.removeprefix(server.url).split("?")[0] for url in asked]

    # The one look that it takes comes each minute, and is one request.
    assert rest(55) == ["/healthz"]
    assert sorted(rest(10)) == ["/api/sessions", "/healthz"]
