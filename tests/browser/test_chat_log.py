"""The log of a chat: opened in one drawing, at its end, and where one was reading."""

import json
import struct
import zlib
from typing import Any

import jwt
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import PASSWORD, Server
from tests.browser.test_monitor import messages, open_chat, open_monitor


def tall_picture() -> bytes:
    """A PNG of 40 × 900 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 40, 900, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * 40) * 900)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def at_end(page: Page) -> bool:
    return bool(
        page.locator(".log").evaluate(
            "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
        )
    )


def long_chat(server: Server, count: int = 40) -> tuple[str, dict[str, Any]]:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "número 0")
    for number in range(1, count):
        server.customer_writes(bot_id, f"número {number}")
    return bot_id, session


def test_opening_a_chat_says_nothing_that_is_not_so(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    open_monitor(page, bot_id)
    page.evaluate(
        """() => {
            window.empties = 0;
            const look = () => {
                const empty = document.querySelector('#chat [data-part=empty]');
                if (empty.checkVisibility()) window.empties += 1;
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    page.locator(".session").click()
    expect(page.locator(".message")).to_have_count(1)
    assert page.evaluate("window.empties") == 0


def test_a_chat_that_could_not_be_opened_can_be_clicked_again(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    open_monitor(page, bot_id)
    page.route("**/messages?*", lambda route: route.abort())
    page.locator(".session").click()
    expect(page.locator("#chat-problem")).not_to_be_empty()
    page.unroute_all(behavior="ignoreErrors")
    page.locator(".session").click()
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator("#chat-problem")).to_be_empty()


def test_tall_pictures_leave_the_end_in_sight(page: Page, server: Server) -> None:
    bot_id, session = long_chat(server, 12)

    def with_pictures(route: Route) -> None:
        answer = route.fetch().json()
        for message in answer["messages"][-4:]:
            message.update(type="image", media={"file": True})
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    page.route("**/messages?*", with_pictures)
    picture = tall_picture()
    page.route("**/media", lambda route: route.fulfill(body=picture, content_type="image/png"))
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message img").last).to_have_js_property("naturalHeight", 900)
    Server.until(lambda: at_end(page))
    page.unroute_all(behavior="wait")


def test_what_grows_before_a_late_scroll_event_leaves_the_end_in_sight(
    page: Page, server: Server
) -> None:
    bot_id, session = long_chat(server, 20)
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(20)
    Server.until(lambda: at_end(page))
    page.locator(".log").evaluate(
        """log => {
            log.querySelector('.message:last-of-type').style.minHeight = '900px';
            log.dispatchEvent(new Event('scroll'));
        }"""
    )
    Server.until(lambda: at_end(page))


def test_ones_own_message_is_seen_and_the_last_is_never_covered(page: Page, server: Server) -> None:
    bot_id, session = long_chat(server)
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(40)
    field = page.get_by_label("Write a message")
    field.fill("\n".join("una línea más" for _ in range(8)))
    Server.until(lambda: at_end(page))
    page.locator(".log").evaluate("log => log.scrollTo(0, 300)")
    server.customer_writes(bot_id, "abajo")
    expect(page.locator(".newest")).to_be_visible()
    field.press("Enter")
    expect(messages(page, "una línea más")).to_be_in_viewport()
    expect(page.locator(".newest")).to_be_hidden()
    Server.until(lambda: at_end(page))


def test_older_messages_move_nothing(page: Page, server: Server) -> None:
    bot_id, session = long_chat(server, 90)
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(50)
    first = messages(page, "número 40")
    page.evaluate(
        """() => {
            const log = document.querySelector('.log');
            log.scrollTo(0, 60);
            window.before = document.querySelector('.message').getBoundingClientRect().top;
        }"""
    )
    expect(page.locator(".message")).to_have_count(90)
    moved = first.evaluate("one => one.getBoundingClientRect().top - window.before")
    assert abs(moved) < 2


def test_answers_are_signed_by_who_wrote_them(
    open_context: OpenContext, page: Page, server: Server
) -> None:
    bot_id, session = long_chat(server, 2)
    name = "laura-signs"
    server.post("/api/operators", username=name, password=PASSWORD, bots=[bot_id])
    other = open_context(signed_in=False).new_page()
    other.goto(f"/monitor?botId={bot_id}#{session['id']}")
    other.get_by_label("User name").fill(name)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    # The chat in the address is open after the sign-in.
    other.get_by_label("Write a message").fill("Soy Laura")
    open_chat(page, bot_id, session["id"])
    field = other.get_by_label("Write a message")
    field.press("Enter")
    expect(field).to_have_value("")
    own = messages(page, "Soy Laura")
    expect(own.locator(".origin")).to_have_text(name)
    page.reload()
    expect(own.locator(".origin")).to_have_text(name)


@pytest.mark.parametrize(
    ("locale", "deleted", "unsupported", "failed"),
    [
        (
            "en-US",
            "This message was deleted",
            "Unsupported message: order",
            "Not sent: WhatsApp refused the message (463)",
        ),
        (
            "es-MX",
            "Se eliminó este mensaje",
            "Mensaje no compatible: pedido",
            "No enviado: WhatsApp rechazó el mensaje (463)",
        ),
    ],
)
def test_what_became_of_a_message_is_shown(
    open_context: OpenContext,
    server: Server,
    locale: str,
    deleted: str,
    unsupported: str,
    failed: str,
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "con errata")
    for text in ("borrado", "reaccionado"):
        server.customer_writes(bot_id, text)
    page = open_context(locale=locale).new_page()
    page.goto(f"/monitor?botId={bot_id}#{session['id']}")
    rows = page.locator(".message:not(.mine)")
    expect(rows).to_have_count(3)
    stored = server.get(f"/api/sessions/{session['id']}/messages")["messages"]
    stored = [one for one in stored if not one["fromMe"]]
    token = publisher(server)
    now = "2026-01-01T00:00:00.000Z"
    changes = (
        {"content": "sin errata", "edited": now},
        {"content": "", "deleted": now},
        {"reactions": [{"text": "👍", "fromMe": False}]},
    )
    for message, change in zip(stored, changes, strict=True):
        kept = {name: value for name, value in message.items() if name != "sessionId"}
        publish(server, token, bot_id, session["id"], "message:updated", {**kept, **change})
    order = {"id": "o1", "content": "Order: 2 × pan", "type": "unsupported"}
    order["media"] = {"name": "order"}
    publish(server, token, bot_id, session["id"], "message:received", order)
    expect(rows.nth(0).locator(".text")).to_have_text("sin errata")
    expect(rows.nth(0).locator("[data-part=edited]")).to_be_visible()
    expect(rows.nth(1).locator(".text")).to_have_text(deleted)
    expect(rows.nth(2).locator("[data-part=emoji]")).to_have_text("👍")
    expect(rows.nth(3).locator(".label")).to_have_text(unsupported)
    expect(rows.nth(3).locator(".text")).to_have_text("Order: 2 × pan")
    sent = {"type": "message:sent", "content": "hola", "messageId": "s1"}
    refused = {"type": "message:failed", "messageId": "s1"}
    refused["reason"] = "WhatsApp refused the message (463)"
    for event in (sent, refused):
        event |= {"botId": bot_id, "sessionId": session["id"]}
        headers = {"Authorization": f"Bearer {token}"}
        server.api.post("/events", json=event, headers=headers).raise_for_status()
    expect(page.locator(".message.failed [data-part=why]")).to_have_text(failed)


def test_a_chat_that_grows_all_day_keeps_its_newest_page(page: Page, server: Server) -> None:
    bot_id, session = long_chat(server, 2)
    open_chat(page, bot_id, session["id"])
    expect(page.locator(".message")).to_have_count(2)
    received = {"type": "message:received", "botId": bot_id, "sessionId": session["id"]}
    events = [
        {**received, "message": {"id": f"m-{number}", "content": "y más", "type": "text"}}
        for number in range(510)
    ]
    headers = {"Authorization": f"Bearer {publisher(server)}"}
    with page.expect_request("**/messages?*"):
        server.api.post("/events", json=events, headers=headers).raise_for_status()
    # What another service published is not in this store, whose page is read.
    expect(page.locator(".message")).to_have_count(2)


def publisher(server: Server) -> str:
    """A token that may publish."""
    secret = (server.data_dir / "jwt-secret").read_text().strip()
    return jwt.encode({"sub": "test", "publish": True}, secret, algorithm="HS256")


def publish(
    server: Server, token: str, bot_id: str, session_id: str, kind: str, message: dict[str, Any]
) -> None:
    event = {"type": kind, "botId": bot_id, "sessionId": session_id, "message": message}
    headers = {"Authorization": f"Bearer {token}"}
    server.api.post("/events", json=event, headers=headers).raise_for_status()
