"""Pictures, voice notes and documents: chosen, pasted, dropped, sent, looked at and heard."""

import base64

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.day import silence
from tests.browser.inbox import chat_with
from tests.browser.server import Server
from tests.browser.test_media import HEIGHT, PICTURE, WIDTH
from tests.browser.test_monitor import messages, open_chat

ENCODED = base64.b64encode(PICTURE).decode()
# A file from elsewhere, as the clipboard or a drag brings it.
GIVE = """([type, name, encoded, bytes]) => {
    const data = new DataTransfer();
    const content = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    data.items.add(new File([content], name, { type: bytes }));
    const how = { bubbles: true, cancelable: true };
    const event = type === 'paste'
        ? new ClipboardEvent('paste', { ...how, clipboardData: data })
        : new DragEvent('drop', { ...how, dataTransfer: data });
    document.querySelector(type === 'paste' ? '#content' : '.log').dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def bot_id(server: Server) -> str:
    return server.linked_bot("Ventas")


def test_a_picture_is_sent_and_looked_at(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000200", "Lucía")
    open_chat(page, bot_id, session_id)
    page.locator("#composer input[type=file]").set_input_files(
        {"name": "foto.png", "mimeType": "image/png", "buffer": PICTURE}
    )
    expect(page.locator(".extras")).to_contain_text("foto.png")
    page.get_by_label("Write a message").fill("Aquí está")
    page.keyboard.press("Enter")
    expect(page.locator(".extras")).to_be_hidden()
    sent = messages(page, "Aquí está")
    picture = sent.get_by_role("button", name="Open the photo")
    expect(picture.locator("img")).to_have_js_property("naturalWidth", WIDTH)
    expect(sent.locator(".ack")).to_have_attribute("data-ack", "read")
    # It has its room before it loads.
    page.reload()
    expect(picture.locator("img")).to_have_attribute("height", str(HEIGHT))
    picture.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog", name="Photo")
    expect(viewer.locator("img")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(picture).to_be_focused()


def test_what_is_pasted_or_dropped_waits_for_its_words(
    page: Page, server: Server, bot_id: str
) -> None:
    session_id = chat_with(server, bot_id, "34600000210", "Javier")
    other = chat_with(server, bot_id, "34600000211", "Carmen")
    open_chat(page, bot_id, session_id)
    page.evaluate(GIVE, ["paste", "pegada.png", ENCODED, "image/png"])
    expect(page.locator(".extra")).to_contain_text(["pegada.png"])
    page.evaluate(GIVE, ["drop", "factura.pdf", ENCODED, "application/pdf"])
    expect(page.locator(".extra")).to_contain_text(["pegada.png", "factura.pdf"])
    # They are of this chat, and stay with it.
    page.locator(f"[data-id={other}]").click()
    expect(page.locator(".extras")).to_be_hidden()
    page.locator(f"[data-id={session_id}]").click()
    page.get_by_role("button", name="Take pegada.png away").click()
    expect(page.locator(".extra")).to_contain_text(["factura.pdf"])
    page.get_by_role("button", name="Send").click()
    link = page.locator(".message").get_by_role("link", name="factura.pdf")
    expect(link).to_have_attribute("download", "factura.pdf")
    expect(page.locator(".message.mine .ack")).to_have_attribute("data-ack", "read")
    # Its bytes say that it is none: it is saved, and never shown.
    stored = server.get(f"/api/sessions/{session_id}/messages")["messages"][-1]
    assert stored["type"] == "document"


def test_a_photo_of_a_phone_is_made_smaller(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000220", "Nuria")
    open_chat(page, bot_id, session_id)
    page.evaluate(
        """async () => {
            const size = { width: 3200, height: 2400 };
            const canvas = Object.assign(document.createElement('canvas'), size);
            const context = canvas.getContext('2d');
            for (let x = 0; x < 3200; x += 8) {
                context.fillStyle = `hsl(${x} 80% ${20 + (x % 60)}%)`;
                context.fillRect(x, 0, 8, 2400);
            }
            const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
            const data = new DataTransfer();
            data.items.add(new File([blob], 'grande.png', { type: 'image/png' }));
            document.querySelector('.log').dispatchEvent(
                new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
        }"""
    )
    expect(page.locator(".extra")).to_contain_text(["grande"])
    page.get_by_role("button", name="Send").click()
    image = page.locator(".message .picture img")
    expect(image).to_have_js_property("naturalWidth", 1_600)
    expect(page.locator(".message.mine .ack")).to_have_attribute("data-ack", "read")
    media = server.get(f"/api/sessions/{session_id}/messages")["messages"][-1]["media"]
    assert (media["width"], media["height"]) == (1_600, 1_200)


def test_a_file_that_is_refused_comes_back(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000230", "Emily")
    open_chat(page, bot_id, session_id)
    page.route("**/messages", lambda route: route.abort())
    page.evaluate(GIVE, ["drop", "a.pdf", ENCODED, "application/pdf"])
    page.get_by_label("Write a message").fill("y esto")
    page.keyboard.press("Enter")
    expect(page.locator("#send-problem")).to_contain_text("can’t be reached")
    expect(page.get_by_label("Write a message")).to_have_value("y esto")
    expect(page.locator(".extra")).to_contain_text(["a.pdf"])
    page.unroute_all(behavior="ignoreErrors")
    page.keyboard.press("Enter")
    expect(messages(page, "y esto").get_by_role("link", name="a.pdf")).to_be_visible()


def test_a_voice_note_is_heard_in_place(page: Page, server: Server, bot_id: str) -> None:
    session_id = chat_with(server, bot_id, "34600000240", "Mateo")
    answer: httpx.Response = server.api.post(
        f"/api/simulator/bots/{bot_id}/message",
        data={"from": "34600000240", "name": "Mateo", "voice": "true", "seconds": "1"},
        files={"file": ("voz.wav", silence(1), "audio/wav")},
    )
    answer.raise_for_status()
    open_chat(page, bot_id, session_id)
    note = page.locator(".voice")
    expect(note.locator(".clock")).to_have_text("0:01")
    note.get_by_role("button", name="Speed").click()
    expect(note.get_by_role("button", name="Speed")).to_have_text("1.5×")
    page.evaluate("document.addEventListener('ended', () => { window.heard = true; }, true)")
    note.get_by_role("button", name="Play the voice message").click()
    server.until(lambda: page.evaluate("window.heard === true"))
    # The speed is the same the next time.
    page.reload()
    expect(note.get_by_role("button", name="Speed")).to_have_text("1.5×")
