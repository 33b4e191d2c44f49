"""A message's file is shown in the chat, and its absence is no harm."""

import json
from base64 import b64decode

from playwright.sync_api import Page, Route, expect

from tests.browser.server import Server
from tests.browser.test_monitor import open_chat

PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def test_pictures_show_and_documents_can_be_saved(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)

    def with_files(route: Route) -> None:
        answer = route.fetch().json()
        (first,) = answer["messages"]
        answer["messages"] = [
            {**first, "id": "m/1", "type": "image", "content": "Mira", "media": {"file": True}},
            {
                **first,
                "id": "m2",
                "type": "document",
                "content": "",
                "media": {"file": True, "name": "factura <1>.pdf"},
            },
            {**first, "id": "m3", "type": "image", "content": "", "media": {"file": False}},
            {**first, "id": "m4", "type": "audio", "content": "", "media": {"file": True}},
        ]
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    page.route("**/messages?*", with_files)
    page.route("**/media", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    open_chat(page, bot_id, session["id"])
    picture = page.locator(".message").nth(0)
    expect(picture.locator("img")).to_have_js_property("naturalWidth", 1)
    expect(picture.locator("img")).to_have_attribute(
        "src", f"/api/sessions/{session['id']}/messages/m%2F1/media"
    )
    expect(picture.locator(".text")).to_have_text("Mira")
    document = page.locator(".message").nth(1).get_by_role("link")
    expect(document).to_have_text("factura <1>.pdf")
    expect(document).to_have_attribute("download", "factura <1>.pdf")
    lost = page.locator(".message").nth(2)
    expect(lost.locator("img")).to_have_count(0)
    expect(lost.locator(".text")).to_have_text("Photo")
    expect(page.locator(".message").nth(3).locator("audio")).to_have_attribute("preload", "none")
