"""The inbox: who waits, who has a chat, what an operator does with it, by mouse and by keyboard."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.inbox import chat_with, needs_a_person, tab
from tests.browser.server import Server
from tests.browser.test_monitor import messages, open_chat


def test_who_needs_a_person_comes_first_and_says_how_long(
    page: Page, server: Server, bot_id: str
) -> None:
    chat_with(server, bot_id, "34600000001", "Con el bot")
    first = chat_with(server, bot_id, "34600000002", "Primera")
    second = chat_with(server, bot_id, "34600000003", "Segunda")
    needs_a_person(server, first)
    page.goto("/monitor")
    needs_a_person(server, second)
    server.customer_writes(bot_id, "¿hola?", number="34600000002", name="Primera")
    # The day at a glance says so before anything is chosen, and the menu does.
    glance = page.locator("#no-chat")
    expect(glance.get_by_role("heading")).to_have_text("2 wait for a person")
    expect(page.locator("pulso-header .count")).to_have_text("2")
    expect(page.locator(".session", has_text="Primera").locator(".wait")).to_have_text(
        "Waiting 1 min"
    )
    expect(page.locator(".session", has_text="Con el bot").locator(".wait")).to_be_hidden()
    expect(page.get_by_role("tab", name="Unassigned")).to_contain_text("2")
    tab(page, "Unassigned")
    expect(page.locator(".session .name")).to_have_text(["Primera", "Segunda"])
    tab(page, "Bot")
    expect(page.locator(".session .name")).to_have_text(["Con el bot"])
    # A reload goes on with the same tab.
    page.reload()
    expect(page.get_by_role("tab", name="Bot")).to_have_attribute("aria-selected", "true")
    tab(page, "Unassigned")
    glance.get_by_role("button", name="Primera").click()
    expect(page.locator("#chat-title")).to_have_text("Primera")
    expect(page.locator("#mode")).to_have_text("Waiting 1 min")


def test_it_is_all_there_in_spanish(open_context: OpenContext, server: Server, bot_id: str) -> None:
    needs_a_person(server, chat_with(server, bot_id, "34600000005", "Rosa"))
    page = open_context(locale="es-ES").new_page()
    page.goto("/monitor")
    tab(page, "Sin asignar")
    page.locator(".session", has_text="Rosa").click()
    expect(page.locator("#mode")).to_have_text("Espera 1 min")
    page.get_by_role("button", name="Responder yo").click()
    expect(page.locator("#mode")).to_have_text("Lo tienes tú")
    page.get_by_role("button", name="Resolver").click()
    expect(page.locator("#mode")).to_have_text("Resuelto")


def test_a_chat_is_taken_given_to_a_colleague_and_given_back(
    page: Page, laura: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000010", "Carmen")
    open_chat(page, bot_id, session_id)
    open_chat(laura, bot_id, session_id)
    mode = page.locator("#mode")
    expect(mode).to_have_text("The bot answers")
    page.get_by_role("button", name="Answer myself").click()
    expect(mode).to_have_text("You have it")
    expect(laura.locator("#mode")).to_have_text("Answered by admin")
    expect(page.locator(".session", has_text="Carmen").locator(".holder")).to_have_text("a")
    tab(page, "Mine")
    expect(page.locator(".session .name")).to_have_text(["Carmen"])
    # To a colleague, with the keys alone.
    page.get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Give to a colleague…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="laura")).to_be_focused()
    page.keyboard.press("Enter")
    expect(mode).to_have_text("Answered by laura")
    expect(laura.locator("#mode")).to_have_text("You have it")
    expect(page.locator("#no-sessions")).to_contain_text("You have no chat")
    # An answer takes it: it is signed, and both see by whom.
    page.get_by_label("Write a message").fill("Sigo yo")
    page.keyboard.press("Enter")
    expect(laura.locator("#mode")).to_have_text("Answered by admin")
    expect(messages(laura, "Sigo yo").locator(".origin")).to_have_text("admin")
    page.get_by_role("button", name="Give back to bot").click()
    expect(laura.locator("#mode")).to_have_text("The bot answers")


def test_a_chat_is_resolved_and_comes_back_with_the_customer(
    page: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000020", "Javier")
    needs_a_person(server, session_id)
    open_chat(page, bot_id, session_id)
    tab(page, "Unassigned")
    row = page.locator(".session", has_text="Javier")
    expect(row).to_have_count(1)
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#mode")).to_have_text("Resolved")
    expect(row).to_have_count(0)
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    server.customer_writes(bot_id, "una cosa más", number="34600000020", name="Javier")
    expect(row).to_have_count(1)
    expect(page.locator("#mode")).to_have_text(re.compile("^Waiting"))


def test_a_chat_is_put_off_and_marked_as_unread(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000030", "Nuria")
    open_chat(page, bot_id, session_id)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Snooze…").click()
    page.get_by_role("menuitem", name="Until the customer writes").click()
    expect(page.locator("#mode")).to_have_text("Snoozed until the customer writes")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Mark as unread").click()
    # It is left: whoever looks at a chat reads it.
    expect(page.locator("#no-chat")).to_be_visible()
    row = page.locator(".session", has_text="Nuria")
    expect(row.locator(".unread")).to_have_text("1")
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(row).to_have_count(1)


def test_a_colleague_who_replies_is_seen_and_nobody_writes_over_them(
    page: Page, laura: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000050", "Emily")
    open_chat(page, bot_id, session_id)
    open_chat(laura, bot_id, session_id)
    # On a slow machine she would seem to rest.
    laura.route(
        "**/typing",
        lambda route: (
            route.abort() if "paused" in (route.request.post_data or "") else route.continue_()
        ),
    )
    laura.get_by_label("Write a message").press_sequentially("Let me")
    expect(page.locator("#colleague")).to_have_text("laura is replying")
    expect(laura.locator("#colleague")).to_be_hidden()
    field = page.get_by_label("Write a message")
    field.fill("Two voices")
    page.keyboard.press("Enter")
    expect(page.locator("#send-problem")).to_contain_text("laura is writing an answer right now")
    expect(field).to_have_value("Two voices")
    expect(messages(page, "Two voices")).to_have_count(0)
    laura.keyboard.press("Enter")
    expect(page.locator("#colleague")).to_be_hidden()
    field.press("Enter")
    expect(messages(laura, "Two voices")).to_have_count(1)


def test_a_day_with_the_keys_alone(page: Page, server: Server, bot_id: str) -> None:
    for number, name in (("34600000061", "Uno"), ("34600000062", "Dos")):
        needs_a_person(server, chat_with(server, bot_id, number, name))
    page.goto("/monitor")
    expect(page.locator(".session").nth(1)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next chat")
    page.keyboard.press("j")
    expect(page.locator("#no-chat")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("#chat-title")).to_have_text("Dos")
    page.keyboard.press("j")
    expect(page.locator("#chat-title")).to_have_text("Uno")
    expect(page.locator(".session[aria-current=true]")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#chat-title")).to_have_text("Dos")
    page.keyboard.press("t")
    expect(page.locator("#mode")).to_have_text("You have it")
    page.keyboard.press("r")
    page.keyboard.type("Ya te ayudo: trek")
    page.keyboard.press("Enter")
    expect(messages(page, "Ya te ayudo: trek")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".log")).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#mode")).to_have_text("Resolved")
    page.keyboard.press("/")
    page.keyboard.type("uno")
    expect(page.locator(".session .name")).to_have_text(["Uno"])
    page.keyboard.press("Escape")
    expect(page.locator(".session", has_text="Uno")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#no-chat")).to_be_visible()
