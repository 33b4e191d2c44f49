"""The page of one bot: its QR and its status come by themselves."""

import json
import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server


def open_detail(page: Page, bot_id: str) -> None:
    page.goto(f"/bots/{bot_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")


def test_a_qr_appears_and_a_scan_connects_without_a_reload(page: Page, server: Server) -> None:
    bot_id = server.add_bot()
    open_detail(page, bot_id)
    page.evaluate("document.body.dataset.untouched = 'yes'")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("bot-connection img")).to_have_attribute("src", re.compile("^data:image/"))
    expect(page.locator("bot-connection")).to_contain_text("Code 1 of 6")
    expect(page.locator("bot-connection")).to_contain_text(re.compile(r"New code in \d+ s"))

    phone = page.context.new_page()
    phone.goto(f"/simulator?botId={bot_id}")
    phone.get_by_label("Name on the phone").fill("Tienda Sol")
    phone.get_by_role("button", name="Scan the QR").click()
    expect(page.locator("bot-connection .status")).to_have_text("Connected")
    expect(page.locator("bot-connection")).to_contain_text("Linked as Tienda Sol")
    expect(page.locator("bot-connection img")).to_be_hidden()
    assert page.evaluate("document.body.dataset.untouched") == "yes"


def test_a_code_links_the_phone_that_shows_the_page(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.add_bot()
    page = open_context(locale="es-MX").new_page()
    page.goto(f"/bots/{bot_id}")
    box = page.locator("bot-connection")
    page.get_by_role("button", name="Conectar", exact=True).click()
    page.get_by_text("Vincular con un código").click()
    number = page.get_by_label("Número de teléfono, con el código del país")
    number.fill("12")
    number.press("Enter")
    expect(box.get_by_role("alert")).to_have_text("Un número es + y de 8 a 15 dígitos")
    number.fill("+34 600 111 222")
    number.press("Enter")
    expect(box.locator(".pairing-code")).to_have_text(re.compile("^[0-9A-Z]{4}-[0-9A-Z]{4}$"))
    expect(box).to_contain_text(re.compile(r"Caduca en \d+ s"))
    expect(box.locator("img")).to_be_hidden()
    expect(number).to_be_hidden()
    expect(box.locator(".status")).to_be_focused()
    code = box.locator(".pairing-code").text_content()
    page.reload()
    expect(box.locator(".pairing-code")).to_have_text(code or "")
    server.post(f"/api/simulator/bots/{bot_id}/scan", name="Ana")
    expect(box.locator(".status")).to_have_text("Conectado")
    expect(box.locator(".pairing-code")).to_be_hidden()


def test_a_wrong_clock_changes_no_countdown(open_context: OpenContext, server: Server) -> None:
    page = open_context().new_page()
    page.add_init_script("const now = Date.now; Date.now = () => now() - 86_400_000;")
    bot_id = server.add_bot()
    open_detail(page, bot_id)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("bot-connection")).to_contain_text(re.compile(r"New code in \d{1,2} s"))


def test_why_a_bot_is_away_is_said_in_spanish(open_context: OpenContext, server: Server) -> None:
    bot_id = server.linked_bot()
    page = open_context(locale="es-MX").new_page()
    page.goto(f"/bots/{bot_id}")
    expect(page.locator("bot-connection .status")).to_have_text("Conectado")
    server.post(f"/api/simulator/bots/{bot_id}/unlink")
    expect(page.locator("bot-connection .reason")).to_have_text(
        "Desvinculado desde el teléfono. Escanea un QR nuevo."
    )


def test_logging_out_asks_first(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_detail(page, bot_id)
    page.get_by_role("button", name="Unlink from WhatsApp").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("bot-connection .status")).to_have_text("Connected")
    page.get_by_role("button", name="Unlink from WhatsApp").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink from WhatsApp").click()
    expect(page.locator("bot-connection .status")).to_have_text("Disconnected")
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()


def test_a_lost_connection_says_when_it_is_tried_again(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_detail(page, bot_id)
    with page.expect_event("console", lambda message: "Retrying in" in message.text):
        # The notice may last a moment only: the page itself has to catch it.
        page.evaluate(
            """() => new MutationObserver(() => {
                const shown = document.querySelector('bot-connection').textContent;
                if (shown.includes('Retrying in')) console.info(shown);
            }).observe(document.body, { subtree: true, childList: true, characterData: true })"""
        )
        server.post(f"/api/simulator/bots/{bot_id}/drop")
    expect(page.locator("bot-connection .status")).to_have_text("Connected")


def test_an_expired_qr_offers_a_new_one(page: Page, server: Server) -> None:
    bot_id = server.add_bot()
    open_detail(page, bot_id)
    page.get_by_role("button", name="Connect", exact=True).click()
    # 160 s of codes at the test's speed.
    expect(page.get_by_role("button", name="New QR")).to_be_visible(timeout=30_000)
    expect(page.locator("bot-connection")).to_contain_text("Nobody scanned the code in time.")
    page.get_by_role("button", name="New QR").click()
    expect(page.locator("bot-connection")).to_contain_text("Code 1 of 6")


def test_a_bot_that_is_not_there_is_said_so(page: Page) -> None:
    page.goto("/bots/nothing")
    expect(page.get_by_role("alert")).to_have_text("There is no such bot, or it isn’t yours.")


def test_a_bot_that_a_colleague_deletes_is_gone(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_detail(page, bot_id)
    server.api.delete(f"/api/bots/{bot_id}").raise_for_status()
    expect(page.get_by_role("alert")).to_have_text("There is no such bot, or it isn’t yours.")
    expect(page.locator("connection-light")).to_be_hidden()
    expect(page.get_by_role("button", name="Connect", exact=True)).to_have_count(0)


def test_a_card_shows_a_number_as_people_write_it(page: Page, server: Server) -> None:
    server.linked_bot("Con número")

    def without_a_name(route: Route) -> None:
        answer = route.fetch().json()
        for bot in answer["bots"]:
            bot["user"] = {"id": "5215550001@s.whatsapp.net", "name": None}
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    page.route("**/api/bots", without_a_name)
    page.goto("/bots")
    card = page.locator(".bot-card", has_text="Con número")
    expect(card).to_contain_text("Linked as +5215550001")
    page.unroute_all(behavior="wait")


def test_inputs_know_the_servers_limits(page: Page, server: Server) -> None:
    bot_id = server.add_bot("Largo")
    page.goto("/bots")
    expect(page.get_by_label("Name of the new bot")).to_have_attribute("maxlength", "100")
    page.goto("/operators")
    page.get_by_role("button", name="Add operator").click()
    form = page.get_by_role("dialog")
    form.get_by_label("User name").fill("corta")
    form.get_by_label("Password").fill("corta")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("[role=alert]")).to_be_empty()
    short = form.get_by_label("Password").evaluate("one => one.validity.tooShort")
    assert short is True
    page.goto(f"/bots/{bot_id}")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("maxlength", "100")


def test_by_keyboard_a_button_that_goes_leaves_its_place(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    page.goto(f"/monitor?botId={bot_id}")
    server.post(f"/api/bots/{bot_id}/disconnect")
    page.locator("#bots-down").get_by_role("button", name="Connect").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bots-down li")).to_have_count(0)
    expect(page.locator("#bots-down")).to_be_focused()

    open_detail(page, bot_id)
    page.get_by_role("button", name="Disconnect").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    expect(page.locator("bot-connection .status")).to_be_focused()


def test_a_button_that_works_keeps_the_focus_and_works_once(page: Page, server: Server) -> None:
    page.goto("/operators")
    page.get_by_role("button", name="Add operator").click()
    form = page.get_by_role("dialog")
    form.get_by_label("User name").fill("admin")
    form.get_by_label("Password").fill("una contraseña larga")
    asked: list[str] = []

    def refuse_late(route: Route) -> None:
        asked.append(route.request.url)
        save.press("Enter")
        route.fulfill(
            status=409,
            content_type="application/json",
            body=json.dumps({"error": "That username is taken"}),
        )

    page.route("**/api/operators", refuse_late)
    save = form.get_by_role("button", name="Save")
    save.press("Enter")
    expect(form.locator("[role=alert]")).to_have_text("That username is taken")
    expect(save).to_be_focused()
    assert len(asked) == 1
