"""What a person writes is never lost, and every problem stands under its own chat."""

import json
import threading
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import PASSWORD, Server
from tests.browser.test_monitor import messages, open_chat, open_monitor

NUMBERS = ("5215550041", "5215550042")


def two_chats(server: Server) -> tuple[str, list[str]]:
    """A bot with two chats that a person has; its id and theirs."""
    bot_id = server.linked_bot()
    for number, name in zip(NUMBERS, ("Ana", "Berta"), strict=True):
        server.customer_writes(bot_id, "hola", number=number, name=name)
    found = server.get("/api/sessions", botId=bot_id)["sessions"]
    by_name = {one["name"]: one["id"] for one in found}
    sessions = [by_name["Ana"], by_name["Berta"]]
    for session_id in sessions:
        server.api.patch(f"/api/sessions/{session_id}", json={"mode": "human"}).raise_for_status()
    return bot_id, sessions


def refuse_when_told(page: Page, session_id: str) -> Callable[[], None]:
    """Answers to this chat wait, and are refused once the returned function is called."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            waiting.append(route)
        else:
            route.continue_()

    page.route(f"**/api/sessions/{session_id}/messages*", hold)

    def refuse() -> None:
        Server.until(lambda: page.evaluate("1") and waiting)
        waiting.pop().fulfill(
            status=409,
            content_type="application/json",
            body=json.dumps({"error": "The bot isn't connected"}),
        )

    return refuse


def sign_in(page: Page) -> None:
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_two_drafts_and_a_late_refusal_outlive_a_reload_and_a_sign_out(
    open_context: OpenContext, server: Server
) -> None:
    bot_id, (ana, berta) = two_chats(server)
    page = open_context(signed_in=False).new_page()
    page.goto(f"/monitor?botId={bot_id}")
    sign_in(page)
    expect(page.locator("connection-light")).to_have_text("Up to date")
    refuse = refuse_when_told(page, ana)
    field = page.get_by_label("Write a message")
    problem = page.locator("#send-problem")

    page.locator(f"[data-id={ana}]").click()
    field.fill("Para Ana")
    page.keyboard.press("Enter")
    expect(messages(page, "Para Ana")).to_have_count(1)
    page.locator(f"[data-id={berta}]").click()
    field.fill("Para Berta")
    page.get_by_label("Search chats").focus()
    refuse()
    expect(field).to_have_value("Para Berta")
    expect(problem).to_be_empty()
    expect(page.get_by_label("Search chats")).to_be_focused()

    def words_are_there() -> None:
        page.locator(f"[data-id={ana}]").click()
        expect(field).to_have_value("Para Ana")
        expect(problem).to_have_text("The bot isn't connected")
        expect(messages(page, "Para Ana")).to_have_count(0)
        page.locator(f"[data-id={berta}]").click()
        expect(field).to_have_value("Para Berta")
        expect(problem).to_be_empty()

    words_are_there()
    page.reload()
    words_are_there()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    # The chat that was open is open again.
    expect(field).to_have_value("Para Berta")
    words_are_there()
    page.unroute_all(behavior="ignoreErrors")
    page.locator(f"[data-id={ana}]").click()
    field.press("Enter")
    expect(messages(page, "Para Ana")).to_have_attribute("data-origin", "operator")
    expect(problem).to_be_empty()
    expect(field).to_have_value("")


def test_a_text_shows_at_once_and_once(page: Page, server: Server) -> None:
    bot_id, (ana, _) = two_chats(server)
    open_chat(page, bot_id, ana)
    release = threading.Event()
    held: list[Route] = []
    page.route(
        f"**/api/sessions/{ana}/messages",
        lambda route: held.append(route) if not release.is_set() else route.continue_(),
    )
    field = page.get_by_label("Write a message")
    field.fill("Ahora mismo")
    field.press("Enter")
    own = messages(page, "Ahora mismo")
    expect(own).to_have_count(1)
    expect(own.locator(".ack")).to_have_attribute("data-ack", "pending")
    expect(field).to_have_value("")
    # The next one can be written, and waits for its turn.
    field.fill("Y después")
    field.press("Enter")
    expect(messages(page, "Y después")).to_have_count(1 - 1)
    own.evaluate("node => { node.dataset.same = 'yes' }")
    release.set()
    held.pop().continue_()
    expect(own.locator(".ack")).to_have_attribute("data-ack", "read")
    expect(own).to_have_count(1)
    expect(own).to_have_attribute("data-same", "yes")
    expect(messages(page, "Y después").locator(".ack")).to_have_attribute("data-ack", "read")
    texts = page.locator(".message.mine .text")
    expect(texts).to_have_text(["Ahora mismo", "Y después"])


def test_an_error_of_the_connection_ends_with_it(page: Page, server: Server) -> None:
    bot_id, (ana, berta) = two_chats(server)
    open_chat(page, bot_id, ana)
    server.post(f"/api/bots/{bot_id}/disconnect")
    off = page.locator(".composer .off")
    expect(off).to_contain_text("is disconnected")
    field = page.get_by_label("Write a message")
    field.fill("No se pierde")
    field.press("Enter")
    expect(page.locator("#send-problem")).not_to_be_empty()
    page.locator("#bots-down").get_by_role("button", name="Connect").click()
    expect(off).to_be_hidden()
    expect(page.locator("#bots-down li")).to_have_count(0)
    expect(page.locator("#send-problem")).to_be_empty()
    expect(field).to_have_value("No se pierde")
    page.locator(f"[data-id={berta}]").click()
    expect(field).to_have_value("")


def test_a_bot_that_lost_its_phone_leads_to_its_qr(page: Page, server: Server) -> None:
    bot_id = server.linked_bot("Ventas")
    open_monitor(page, bot_id)
    server.post(f"/api/simulator/bots/{bot_id}/unlink")
    down = page.locator("#bots-down li")
    expect(down).to_contain_text("Ventas is disconnected.")
    way = down.get_by_role("link", name="Open its connection")
    expect(way).to_have_attribute("href", f"/bots/{bot_id}")


def test_on_a_phone_enter_makes_a_new_line(open_context: OpenContext, server: Server) -> None:
    bot_id, (ana, _) = two_chats(server)
    context = open_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_chat(page, bot_id, ana)
    field = page.get_by_label("Write a message")
    field.tap()
    page.keyboard.type("uno")
    page.keyboard.press("Enter")
    page.keyboard.type("dos")
    expect(field).to_have_value("uno\ndos")
    page.get_by_role("button", name="Send").tap()
    expect(messages(page, "uno").locator(".text")).to_have_text("uno\ndos")
