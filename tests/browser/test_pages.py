"""What every page owes its users: no injected code, both languages, the keyboard, the phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import PASSWORD, Server
from tests.browser.test_monitor import messages, open_chat

HOSTILE = (
    "<script>window.hit=1</script>",
    "<img src=x onerror='window.hit=1'>",
    '"><svg/onload=window.hit=1>',
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
    "<b>no bold</b>\n<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "\u202egnp.exe \u2028 </template><script>window.hit=1</script>",
)


def test_hostile_text_is_shown_as_text(page: Page, server: Server, complaints: list[str]) -> None:
    bot_id = server.linked_bot("<i>Tienda</i>")
    session = server.quiet_session(bot_id)
    open_chat(page, bot_id, session["id"])
    for text in HOSTILE:
        server.customer_writes(bot_id, text, name="<img src=x onerror=window.hit=1>")
    expect(page.locator(".message .text")).to_have_count(1 + len(HOSTILE))
    shown = page.locator(".message .text").evaluate_all("all => all.map(one => one.textContent)")
    assert shown[1:] == list(HOSTILE)
    expect(page.locator(".session .name")).to_have_text("<img src=x onerror=window.hit=1>")
    page.goto("/bots")
    expect(page.get_by_role("link", name="<i>Tienda</i>")).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert complaints == []


@pytest.mark.parametrize(
    ("locale", "words", "lang"), [("es-MX", "Iniciar sesión", "es"), ("de-DE", "Sign in", "en")]
)
def test_the_browsers_language_is_spoken(
    open_context: OpenContext, locale: str, words: str, lang: str
) -> None:
    page = open_context(signed_in=False, locale=locale).new_page()
    page.goto("/login")
    expect(page.get_by_role("heading")).to_have_text(words)
    expect(page.locator("html")).to_have_attribute("lang", lang)


def test_the_keyboard_alone_signs_in_and_sends(open_context: OpenContext, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    page = open_context(signed_in=False).new_page()
    page.goto(f"/monitor?botId={bot_id}")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('session')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.type("dos")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("líneas")
    page.keyboard.press("Enter")
    expect(messages(page, "líneas").locator(".text")).to_have_text("dos\nlíneas")
    expect(page.get_by_label("Write a message")).to_have_value("")
    assert session["id"] in page.url


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_shows_every_page_without_scrolling_sideways(
    open_context: OpenContext, server: Server, width: int
) -> None:
    bot_id = server.linked_bot("Un nombre de bot bastante largo para una pantalla pequeña")
    session = server.quiet_session(bot_id, "palabra" * 40)
    page = open_context(viewport={"width": width, "height": 640}, locale="es").new_page()
    paths = (
        "/bots",
        f"/bots/{bot_id}",
        f"/monitor?botId={bot_id}",
        f"/monitor?botId={bot_id}#{session['id']}",
        f"/simulator?botId={bot_id}",
        "/operators",
        "/settings",
        "/streams",
    )
    for path in paths:
        page.goto("about:blank")
        page.goto(path)
        page.wait_for_load_state("load")
        expect(page.locator("pulso-header .who")).not_to_be_empty()
        if path == "/bots":
            expect(page.locator(".day-chart").first).to_be_visible()
        if path == "/operators":
            expect(page.locator("#operator-list li").first).to_be_visible()
        if "#" in path:
            expect(page.locator(".message")).to_have_count(1)
        if path.startswith("/bots/"):
            expect(page.locator("bot-connection .status")).not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_on_a_phone_back_leads_from_the_chat_to_the_list(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    page = open_context(viewport={"width": 360, "height": 640}).new_page()
    page.goto(f"/monitor?botId={bot_id}")
    page.locator(".session").click()
    expect(page.locator("#composer")).to_be_visible()
    expect(page.locator(".session")).to_be_hidden()
    page.get_by_role("button", name="Back to the chats").click()
    expect(page.locator(".session")).to_be_visible()
    page.locator(".session").click()
    page.go_back()
    expect(page.locator(".session")).to_be_visible()


def test_an_administrator_adds_an_operator_who_sees_one_bot(
    open_context: OpenContext, server: Server
) -> None:
    seen, hidden = server.add_bot("Visible"), server.add_bot("Oculto")
    page = open_context().new_page()
    page.goto("/bots")
    page.get_by_role("link", name="Operators").click()
    page.get_by_role("button", name="Add operator").click()
    form = page.get_by_role("dialog")
    form.get_by_label("User name").fill("lucia")
    form.get_by_label("Password").fill("una contraseña larga")
    form.get_by_label("Visible").check()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#operator-list")).to_contain_text("Sees Visible")

    other = open_context(signed_in=False).new_page()
    other.goto("/login")
    other.get_by_label("User name").fill("lucia")
    other.get_by_label("Password").fill("una contraseña larga")
    other.get_by_role("button", name="Sign in").click()
    expect(other.locator(".bot-card")).to_have_count(1)
    expect(other.locator(".bot-card")).to_contain_text("Visible")
    other.goto(f"/bots/{hidden}")
    expect(other.get_by_role("alert")).not_to_be_empty()
    other.goto(f"/bots/{seen}")
    expect(other.get_by_role("heading", name="Visible")).to_be_visible()


def test_an_address_that_is_none_leads_to_the_bots(
    open_context: OpenContext, server: Server
) -> None:
    page = open_context(locale="es-MX").new_page()
    answer = page.goto("/monitr")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading")).to_have_text("Esta página no existe")
    assert page.title() == "Esta página no existe · Pulso"
    page.get_by_role("link", name="Ir a los bots").click()
    expect(page.locator("pulso-header .who")).to_have_text("admin")
    # Who is signed in is not asked again, and comes to the chat that was asked for.
    page.goto("/login?next=%2Fmonitor%3FbotId%3Dnone%23s-1")
    page.wait_for_url("**/monitor?botId=none#s-1")


def test_a_sign_out_that_failed_is_reported(page: Page, server: Server) -> None:
    page.goto("/bots")
    page.route("**/api/auth/logout", lambda route: route.abort())
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#problem")).to_contain_text("can’t be reached")
    assert page.url.endswith("/bots")
