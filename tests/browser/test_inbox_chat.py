"""An open chat: how it reads, how it is answered, and what stands beside it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.inbox import chat_with
from tests.browser.server import Server
from tests.browser.test_monitor import messages, open_chat


def test_what_was_written_is_shown_as_whatsapp_shows_it(
    page: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000040", "Lucía")
    hostile = "<img src=x onerror=alert(1)> *negrita* _cursiva_ https://a.example/x_y."
    server.customer_writes(bot_id, hostile, number="34600000040", name="Lucía")
    server.customer_writes(bot_id, "👍", number="34600000040", name="Lucía")
    open_chat(page, bot_id, session_id)
    shown = messages(page, "negrita").locator(".text")
    expect(shown).to_have_text(
        "<img src=x onerror=alert(1)> negrita cursiva https://a.example/x_y."
    )
    expect(shown.locator("strong")).to_have_text("negrita")
    expect(shown.locator("em")).to_have_text("cursiva")
    link = shown.get_by_role("link")
    expect(link).to_have_attribute("href", "https://a.example/x_y")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    assert page.locator(".messages img").count() == 0
    small = messages(page, "negrita").locator(".text").evaluate("one => one.offsetHeight")
    assert messages(page, "👍").locator(".text").evaluate("one => one.offsetHeight") > small


def test_who_the_contact_is_is_beside_the_chat(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000070", "Priya")
    page.set_viewport_size({"width": 1400, "height": 800})
    open_chat(page, bot_id, session_id)
    page.locator(".log").focus()
    page.keyboard.press("i")
    panel = page.get_by_role("complementary", name="Contact")
    expect(panel).to_contain_text("+34600000070")
    expect(panel.locator("#contact-bot")).to_have_text("Ventas")
    expect(panel.locator("#contact-chats button")).to_have_text([re.compile("This one")])
    panel.get_by_label("Add a label").fill("urgente")
    page.keyboard.press("Enter")
    expect(panel.locator(".labels li")).to_have_text(["urgente"])
    assert server.get(f"/api/sessions/{session_id}")["session"]["labels"] == ["urgente"]
    panel.get_by_label("Write a note").fill("Prefiere las mañanas")
    page.keyboard.press("Enter")
    expect(panel.locator(".notes li")).to_contain_text(["Prefiere las mañanas"])
    page.reload()
    expect(panel.locator(".labels li")).to_have_text(["urgente"])
    expect(panel.locator(".notes li")).to_contain_text(["admin"])
    panel.get_by_role("button", name="Delete this note").click()
    expect(panel.locator(".notes li")).to_have_count(0)
    panel.get_by_role("button", name="Remove the label urgente").click()
    expect(panel.locator(".labels li")).to_have_count(0)
    # On a small screen it is a sheet that Escape takes away.
    page.set_viewport_size({"width": 360, "height": 640})
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("#composer")).to_be_visible()


def test_a_line_stands_where_the_unread_ones_begin(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000080", "Grace", "one")
    server.api.post(f"/api/sessions/{session_id}/read").raise_for_status()
    for text in ("two", "three"):
        server.customer_writes(bot_id, text, number="34600000080", name="Grace")
    server.until(lambda: server.get(f"/api/sessions/{session_id}")["session"]["unread"] == 2)
    open_chat(page, bot_id, session_id)
    rows = page.locator(".messages > li:not(.day:not(.new))")
    expect(rows).to_contain_text(["one", "New messages", "two", "three"])
    # It is read by now, and the line still stands there.
    expect(page.locator(".session", has_text="Grace").locator(".unread")).to_be_hidden()
    expect(page.locator(".new")).to_have_count(1)


def test_an_answer_quotes_what_it_answers(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000090", "Mateo", "¿abrís el sábado?")
    for number in range(30):
        server.customer_writes(bot_id, f"otra {number}", number="34600000090", name="Mateo")
    open_chat(page, bot_id, session_id)
    asked = messages(page, "¿abrís el sábado?").first
    asked.hover()
    asked.get_by_role("button", name="Answer this message").click()
    field = page.get_by_label("Write a message")
    expect(field).to_be_focused()
    expect(page.locator(".extras")).to_contain_text("¿abrís el sábado?")
    # Escape takes the quote away, and not the words.
    page.keyboard.type("De 10 a 14")
    page.keyboard.press("Escape")
    expect(page.locator(".extras")).to_be_hidden()
    expect(field).to_have_value("De 10 a 14")
    asked.get_by_role("button", name="Answer this message").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    answer = messages(page, "De 10 a 14")
    expect(answer.locator(".quote")).to_have_text("From the customer¿abrís el sábado?")
    expect(answer.locator(".ack")).to_have_attribute("data-ack", "read")
    page.reload()
    expect(answer.locator(".quote")).to_have_text("From the customer¿abrís el sábado?")
    expect(asked).not_to_be_in_viewport()
    answer.locator(".quote").click()
    expect(asked).to_be_in_viewport()
    expect(asked).to_have_class(re.compile("found"))


def test_a_search_leads_to_the_message(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000100", "Alba", "la tostadora rosa")
    for number in range(70):
        server.customer_writes(bot_id, f"y {number}", number="34600000100", name="Alba")
    server.until(lambda: server.get(f"/api/sessions/{session_id}")["session"]["unread"] == 71)
    page.goto("/monitor")
    page.get_by_label("Search chats").fill("tostadora")
    expect(page.locator(".session .preview")).to_have_text(["la tostadora rosa"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    found = messages(page, "la tostadora rosa")
    expect(found).to_be_in_viewport()
    expect(found).to_have_class(re.compile("found"))


def test_what_did_not_go_out_is_sent_once_more(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000110", "Sofía")
    open_chat(page, bot_id, session_id)
    page.route(
        "**/messages?*",
        lambda route: route.fulfill(
            json={
                **(answer := route.fetch().json()),
                "messages": [
                    {**one, "fromMe": True, "origin": "operator", "failed": "Lost", "ack": None}
                    for one in answer["messages"]
                ],
            }
        ),
    )
    page.reload()
    row = page.locator(".message.failed")
    expect(row.locator(".why")).to_have_text("Not sent: Lost")
    with page.expect_request("**/retry") as asked:
        row.get_by_role("button", name="Try again").click()
    assert asked.value.method == "POST"
    # It has not failed, says the server; that stands where one looks.
    expect(page.locator("#send-problem")).to_have_text("The message has not failed")


def test_a_canned_reply_is_made_chosen_and_sent_with_the_keys(
    page: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000120", "Inés Prieto")
    open_chat(page, bot_id, session_id)
    field = page.get_by_label("Write a message")
    field.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_text(["Add or remove canned replies…"])
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Canned replies")
    page.keyboard.type("envio")
    page.keyboard.press("Tab")
    page.keyboard.type("Sale hoy, {name}.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.locator("li")).to_contain_text(["/envio"])
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    field.fill("")
    field.press_sequentially("/en")
    expect(page.get_by_role("option").first).to_contain_text("Sale hoy, Inés Prieto.")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Sale hoy, Inés Prieto.")
    page.keyboard.press("Enter")
    expect(messages(page, "Sale hoy, Inés Prieto.")).to_have_count(1)
    # Who wants the slash itself leaves the list.
    field.press_sequentially("/en")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("/en")


def test_a_chat_is_begun_with_a_number(page: Page, server: Server, bot_id: str) -> None:
    page.goto("/monitor")
    page.get_by_role("button", name="New chat").click()
    dialog = page.get_by_role("dialog", name="New chat")
    dialog.get_by_label("Number, with the country code").fill("+34 600 000 130")
    dialog.get_by_label("Message").fill("Buenos días, su pedido ha llegado")
    dialog.get_by_role("button", name="Send").click()
    expect(page.locator("#chat-title")).to_have_text("+34600000130")
    expect(messages(page, "su pedido ha llegado")).to_have_count(1)
    expect(page.locator("#mode")).to_have_text("You have it")
    page.get_by_role("button", name="New chat").click()
    dialog.get_by_label("Number, with the country code").fill("nobody")
    dialog.get_by_label("Message").fill("hola")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
