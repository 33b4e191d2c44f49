"""The list of chats: a search of its own, rows that hold still, only what is near the screen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import open_chat, open_monitor


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this module, whose bots answer nobody: what they answer is not unread."""
    server = Server(tmp_path_factory.mktemp("pulso"), {"PULSO_AI": "off"})
    server.start()
    yield server
    server.stop()


def many_chats(server: Server, count: int) -> str:
    """A bot with so many chats, ``Cliente 000`` the oldest."""
    bot_id = server.linked_bot()
    for number in range(count):
        server.customer_writes(
            bot_id, "hola", number=f"52155600{number:04}", name=f"Cliente {number:03}"
        )
    return bot_id


def test_twenty_searches_open_no_stream(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.customer_writes(bot_id, "mis rosquillas", number="5215550051", name="José Pérez")
    server.customer_writes(bot_id, "hola", number="34600111222", name="Otra")
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url))
    open_monitor(page, bot_id)
    title = page.title()
    search = page.get_by_label("Search chats")
    for text, name in [("perez", "José Pérez"), ("+34 600", "Otra"), ("600 111", "Otra")] * 7:
        search.fill(text)
        expect(page.locator(".session .name")).to_have_text([name])
    assert page.title() == title
    search.fill("rosquillas")
    expect(page.locator(".session .preview")).to_have_text("mis rosquillas")
    search.fill("")
    expect(page.locator(".session")).to_have_count(2)
    assert len([url for url in opened if "/events/stream" in url]) == 1


def test_a_search_says_in_which_message(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "se me rompió la cafetera")
    server.customer_writes(bot_id, "¿siguen ahí?")
    open_monitor(page, bot_id)
    expect(page.locator(".session .preview")).to_have_text("¿siguen ahí?")
    page.get_by_label("Search chats").fill("rompio")
    expect(page.locator(".session .preview")).to_have_text("se me rompió la cafetera")
    page.locator(".session").click()
    assert session["id"] in page.url


def test_the_list_scrolls_without_a_button_and_holds_few_rows(page: Page, server: Server) -> None:
    bot_id = many_chats(server, 120)
    open_monitor(page, bot_id)
    pane = page.locator(".list-pane .scroll")
    expect(page.locator(".session .name").first).to_have_text("Cliente 119")
    for _ in range(12):
        pane.evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
        if page.locator(".session", has_text="Cliente 000").count():
            break
        page.wait_for_load_state("networkidle")
    expect(page.locator(".session", has_text="Cliente 000")).to_be_visible()
    expect(page.locator("#sessions > li").last).to_have_attribute("aria-setsize", "120")
    assert page.locator(".session").count() < 60
    # Whoever has scrolled goes on seeing the same rows.
    row = page.locator(".session", has_text="Cliente 002")
    before = row.bounding_box()
    server.customer_writes(bot_id, "yo", number="5215569999", name="Nueva")
    expect(page.locator("#sessions > li").last).to_have_attribute("aria-setsize", "121")
    assert row.bounding_box() == before


def test_more_chats_that_can_not_be_read_are_asked_for_again(page: Page, server: Server) -> None:
    bot_id = many_chats(server, 70)
    page.route("**/api/sessions?*before=*", lambda route: route.abort())
    open_monitor(page, bot_id)
    page.locator(".list-pane .scroll").evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
    expect(page.locator("#more-problem")).not_to_be_empty()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#more-problem")).to_be_empty()
    expect(page.locator("#sessions > li").first).to_have_attribute("aria-setsize", "70")


def test_a_focused_row_keeps_the_focus_and_a_pressed_one_its_place(
    page: Page, server: Server
) -> None:
    bot_id = many_chats(server, 6)
    open_monitor(page, bot_id)
    row = page.locator(".session", has_text="Cliente 001")
    row.focus()
    server.customer_writes(bot_id, "arriba", number="521556000001", name="Cliente 001")
    expect(page.locator(".session .name").first).to_have_text("Cliente 001")
    expect(row).to_be_focused()
    pressed = page.locator(".session", has_text="Cliente 000")
    box = pressed.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    server.customer_writes(bot_id, "arriba", number="521556000002", name="Cliente 002")
    expect(page.locator(".session", has_text="Cliente 002").locator(".unread")).to_have_text("2")
    assert pressed.bounding_box() == box
    page.mouse.up()
    expect(page.locator("#chat-title")).to_have_text("Cliente 000")
    expect(page.locator(".session .name").first).to_have_text("Cliente 002")


def test_the_title_counts_every_chat(page: Page, server: Server) -> None:
    bot_id = many_chats(server, 60)
    open_monitor(page, bot_id)
    expect(page).to_have_title(re.compile(r"^\(60\)"))
    # A chat that is not loaded has news.
    server.customer_writes(bot_id, "otra vez", number="521556000000", name="Cliente 000")
    expect(page).to_have_title(re.compile(r"^\(61\)"))


def test_a_hidden_page_draws_nothing_but_its_title(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    open_monitor(page, bot_id)
    expect(page.locator(".session")).to_have_count(1)
    page.evaluate(
        """() => {
            window.drawn = 0;
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
            document.dispatchEvent(new Event('visibilitychange'));
            new MutationObserver((all) => { window.drawn += all.length; })
                .observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    for number in range(20):
        server.customer_writes(bot_id, f"número {number}")
    expect(page).to_have_title(re.compile(r"^\(21\)"))
    assert page.evaluate("window.drawn") == 0
    page.evaluate(
        """() => {
            delete document.hidden;
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    expect(page.locator(".session .preview")).to_have_text("número 19")


def test_an_open_chat_is_read_only_by_who_looks_at_it(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    page.add_init_script("document.hasFocus = () => window.looks === true")
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(1)
    server.customer_writes(bot_id, "¿hola?")
    expect(page.locator(".session .unread")).to_have_text("2")
    page.evaluate("() => { window.looks = true; dispatchEvent(new Event('focus')); }")
    expect(page.locator(".session .unread")).to_be_hidden()


def test_a_message_that_comes_while_the_chat_is_marked_read_is_read_too(
    page: Page, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/read", hold_the_first)
    open_chat(page, bot_id, session["id"])
    Server.until(lambda: page.evaluate("1") and held)
    response = held[0].fetch()
    server.customer_writes(bot_id, "una más")
    expect(page.locator(".message")).to_have_count(2)
    expect(page.locator(".session .unread")).to_have_text("1")
    held[0].fulfill(response=response)
    expect(page.locator(".session .unread")).to_be_hidden()


def test_text_of_both_directions_keeps_its_order(open_context: OpenContext, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    server.customer_writes(bot_id, "مرحبا Pulso 123", name="ليلى")
    page = open_context().new_page()
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(2)
    shown = (".session .name", ".session .preview", "#chat-title", ".message:last-child .text")
    for part in shown:
        assert page.locator(part).evaluate("one => one.matches(':dir(rtl)')") is True, part
