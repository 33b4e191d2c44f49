"""A bot that answers, as the chat's page and the simulator's show it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.axe import AXE, violations
from tests.browser.server import Server
from tests.browser.test_monitor import messages, open_chat
from tests.browser.test_simulator_page import open_simulator

SETTINGS = {"PULSO_AI": "scripted"}


def test_whoever_writes_shows_once_and_on_the_right_side(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "primero")
    open_chat(page, bot_id, session["id"])
    page.get_by_label("Write a message").fill("Soy una persona")
    page.keyboard.press("Enter")
    operator = messages(page, "Soy una persona")
    expect(operator).to_have_attribute("data-origin", "operator")
    server.customer_writes(bot_id, "Desde el aparato", fromMe=True)
    phone = messages(page, "Desde el aparato")
    expect(phone).to_have_attribute("data-origin", "phone")
    page.get_by_role("button", name="Give back to bot").click()
    expect(page.locator("#mode")).to_have_text("The bot answers")
    server.customer_writes(bot_id, "gracias")
    bot = messages(page, "¡De nada! ¿Algo más?")
    expect(bot).to_have_attribute("data-origin", "bot")
    customer = messages(page, "gracias")
    expect(customer).to_have_count(1)
    for mine in (operator, phone, bot):
        expect(mine).to_have_count(1)
        expect(mine).to_have_class(re.compile(r"\bmine\b"))
    expect(customer).not_to_have_class(re.compile(r"\bmine\b"))
    expect(operator.locator(".ack")).to_have_attribute("data-ack", "read")


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
    if AXE.exists():
        assert violations(page) == []
