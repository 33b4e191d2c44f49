"""The simulator's page: both ends of the line, played by hand."""

import base64
import json
import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import open_chat

# One red point.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def open_simulator(page: Page, bot_id: str) -> None:
    page.goto(f"/simulator?botId={bot_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")


def test_what_is_typed_on_the_bots_phone_is_the_bots(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    open_simulator(page, bot_id)
    page.locator("#customers .session").click()
    expect(page.locator(".message")).to_have_count(1)
    page.get_by_label("Typed on the bot’s own phone").check()
    page.get_by_label("Message", exact=True).fill("Ya voy")
    page.get_by_role("button", name="Send").click()
    phone = page.locator(".message", has_text="Ya voy")
    expect(phone).to_have_attribute("data-origin", "phone")
    expect(phone).not_to_have_class(re.compile(r"\bmine\b"))


def test_the_phone_drops_and_unlinks(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_simulator(page, bot_id)
    page.get_by_role("button", name="Drop the connection").click()
    expect(page.locator("#done")).to_have_text("Dropped.")
    Server.until(lambda: server.status(bot_id) == "connected")
    open_simulator(page, bot_id)
    expect(page.get_by_role("button", name="Drop the connection")).to_be_visible()
    page.get_by_role("button", name="Unlink the device").click()
    expect(page.locator("#status")).to_have_text("Disconnected")
    page.get_by_role("button", name="Connect the bot").click()
    expect(page.locator("#qr-image")).to_have_attribute("src", re.compile("^data:image/"))
    page.get_by_label("Name on the phone").fill("Otra")
    page.get_by_role("button", name="Scan the QR").click()
    expect(page.locator("#status")).to_have_text("Connected · Otra")


def test_without_a_bot_there_is_no_phone_to_play(open_frail: OpenContext) -> None:
    page = open_frail().new_page()
    page.goto("/simulator")
    expect(page.locator("#nothing")).to_have_text("There is no bot yet.")
    for name in ("Connect the bot", "Add", "Send"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.locator("connection-light")).to_be_hidden()
    expect(page.locator("#problem")).to_be_empty()


def test_a_bot_that_is_not_ones_own_is_none(page: Page, server: Server) -> None:
    server.add_bot()
    page.goto("/simulator?botId=nothing")
    expect(page.locator("#nothing")).to_have_text("There is no such bot, or it isn’t yours.")
    expect(page.get_by_role("button", name="Connect the bot")).to_be_hidden()


def test_where_whatsapp_is_real_no_phone_is_offered(page: Page, server: Server) -> None:
    bot_id = server.add_bot()

    def real(route: Route) -> None:
        me = {**route.fetch().json(), "simulator": False}
        route.fulfill(body=json.dumps(me), content_type="application/json")

    page.goto("/bots")
    expect(page.get_by_role("link", name="Test phone").first).to_be_visible()
    expect(page.get_by_role("link", name="Simulator")).to_be_visible()
    page.route("**/api/auth/me", real)
    for path in ("/bots", f"/bots/{bot_id}", "/simulator"):
        page.goto(path)
        expect(page.locator("pulso-header .who")).to_have_text("admin")
        expect(page.get_by_role("link", name="Simulator")).to_have_count(0)
        for link in page.locator("a[href*=simulator]").all():
            expect(link).to_be_hidden()
    expect(page.locator("#nothing")).to_contain_text("The simulator is off")
    page.unroute_all(behavior="wait")


def test_a_customers_draft_waits_for_them(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    server.customer_writes(bot_id, "hola", number="5215550002", name="Berta")
    open_simulator(page, bot_id)
    field = page.get_by_label("Message", exact=True)
    page.locator("#customers .session", has_text="María").click()
    field.fill("de María")
    page.locator("#customers .session", has_text="Berta").click()
    expect(field).to_have_value("")
    page.locator("#customers .session", has_text="María").click()
    expect(field).to_have_value("de María")


def test_the_phone_stands_beside_the_inbox(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_simulator(page, bot_id)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Beside the inbox").click()
    phone = opened.value
    page.wait_for_url(f"**/monitor?botId={bot_id}")
    expect(phone.locator("#status")).to_contain_text("Connected")
    expect(phone.locator("#beside")).to_be_hidden()
    phone.get_by_label("Number").fill("5215558888")
    phone.get_by_label("Name", exact=True).fill("Rosa")
    phone.get_by_role("button", name="Add").click()
    phone.get_by_label("Message", exact=True).fill("desde el teléfono")
    phone.get_by_role("button", name="Send").click()
    expect(page.locator(".session", has_text="desde el teléfono")).to_be_visible()


def test_a_customer_sends_a_picture_with_its_words_and_a_voice_note(
    page: Page, open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    monitor = open_context().new_page()
    open_chat(monitor, bot_id, session["id"])
    open_simulator(page, bot_id)
    page.locator("#customers .session").click()
    chooser = page.locator("#composer input[type=file]")
    chooser.set_input_files(
        [
            {"name": "mesa.png", "mimeType": "image/png", "buffer": PICTURE},
            {"name": "nota.ogg", "mimeType": "audio/ogg", "buffer": b"OggS" + bytes(64)},
        ]
    )
    expect(page.locator(".extra")).to_have_count(2)
    page.get_by_label("Message", exact=True).fill("Esta es la mesa")
    page.get_by_role("button", name="Send").click()
    picture = monitor.locator(".message", has_text="Esta es la mesa")
    expect(picture.locator("img")).to_be_visible()
    expect(monitor.locator(".message audio, .message .voice")).not_to_have_count(0)
    expect(page.locator(".message.mine", has_text="Esta es la mesa")).to_be_visible()
    expect(page.locator(".extra")).to_have_count(0)
