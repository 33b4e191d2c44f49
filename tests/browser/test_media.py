"""A message's file is shown in the chat, and its absence is no harm."""

import json
import struct
import zlib

from playwright.sync_api import Page, Route, expect

from tests.browser.server import Server
from tests.browser.test_monitor import open_chat

WIDTH, HEIGHT = 300, 1_500
# More messages than a window shows.
EARLIER = 40


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


# A grey picture, taller than the window: once it is loaded, the log is longer by that much.
PICTURE = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * WIDTH) * HEIGHT))
    + chunk(b"IEND", b"")
)


def test_pictures_show_and_documents_can_be_saved(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)

    def with_files(route: Route) -> None:
        answer = route.fetch().json()
        (first,) = answer["messages"]
        answer["messages"] = [
            *({**first, "id": f"m{number}-"} for number in range(EARLIER)),
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
    page.route("**/media", lambda route: route.fulfill(body=PICTURE, content_type="image/png"))
    open_chat(page, bot_id, session["id"])
    picture = page.locator(".message").nth(EARLIER)
    expect(picture.locator("img")).to_have_js_property("naturalHeight", HEIGHT)
    expect(picture.locator("img")).to_have_attribute(
        "src", f"/api/sessions/{session['id']}/messages/m%2F1/media"
    )
    expect(picture.locator(".text")).to_have_text("Mira")
    document = page.locator(".message").nth(EARLIER + 1).get_by_role("link")
    expect(document).to_have_text("factura <1>.pdf")
    expect(document).to_have_attribute("download", "factura <1>.pdf")
    lost = page.locator(".message").nth(EARLIER + 2)
    expect(lost.locator("img")).to_have_count(0)
    expect(lost.locator(".text")).to_have_text("Photo")
    newest = page.locator(".message").nth(EARLIER + 3)
    expect(newest.locator("audio")).to_have_attribute("preload", "none")
    # The picture came after the log had been scrolled to its end, and took the end along.
    expect(newest).to_be_in_viewport()
