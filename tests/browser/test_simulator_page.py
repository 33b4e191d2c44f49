"""The simulator's page: both ends of the line, played by hand."""

import re

from playwright.sync_api import Page, expect

from tests.browser.server import Server


def open_simulator(page: Page, bot_id: str) -> None:
    page.goto(f"/simulator?botId={bot_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")


def test_a_new_customer_writes_and_the_bot_answers_live(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    open_simulator(page, bot_id)
    page.get_by_label("Number").fill("5215557777")
    page.get_by_label("Name", exact=True).fill("Rosa")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#chat-title")).to_have_text("Writing as Rosa")
    page.get_by_label("Message", exact=True).fill("gracias")
    page.keyboard.press("Enter")
    own = page.locator(".message", has_text="gracias")
    expect(own).to_have_class(re.compile(r"\bmine\b"))
    answer = page.locator(".message[data-origin=bot]")
    expect(answer).to_have_count(1)
    expect(answer).not_to_have_class(re.compile(r"\bmine\b"))
    expect(page.locator("#customers .session")).to_have_count(1)


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
    expect(page.get_by_role("button", name="Drop the connection")).to_be_visible()
    page.get_by_role("button", name="Unlink the device").click()
    expect(page.locator("#status")).to_have_text("Disconnected")
    page.get_by_role("button", name="Connect the bot").click()
    expect(page.locator("#qr-image")).to_have_attribute("src", re.compile("^data:image/"))
    page.get_by_label("Name on the phone").fill("Otra")
    page.get_by_role("button", name="Scan the QR").click()
    expect(page.locator("#status")).to_have_text("Connected · Otra")
