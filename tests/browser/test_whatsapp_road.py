"""Real WhatsApp in Chromium: a QR, a scan, a customer's words, the answer and its ticks."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.services.whatsapp.conftest import missing
from tests.services.whatsapp.world import Double

BOT = "5215559990001"
CUSTOMER = "5215559990002"
# One pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def whatsapp() -> Iterator[Double]:
    if reason := missing():
        pytest.skip(reason)
    double = Double()
    yield double
    double.close()


@pytest.fixture(scope="module")
def server(whatsapp: Double, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environ = {"PULSO_WHATSAPP": "baileys", "PULSO_BAILEYS_URL": whatsapp.url}
    server = Server(tmp_path_factory.mktemp("pulso"), environ)
    server.start()
    yield server
    server.stop()


def test_from_the_qr_to_blue_ticks(page: Page, server: Server, whatsapp: Double) -> None:
    bot_id = server.add_bot()
    page.goto(f"/bots/{bot_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    # What a phone's camera would read off the picture.
    page.evaluate(
        """botId => {
            new EventSource(`/events/stream?botId=${botId}`).onmessage = ({ data }) => {
                window.code = JSON.parse(data).code ?? window.code;
            };
        }""",
        bot_id,
    )
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("bot-connection img")).to_have_attribute("src", re.compile("^data:image/"))
    page.wait_for_function("window.code")
    whatsapp.act_now("scan", qr=page.evaluate("window.code"), user=BOT, name="Tienda")
    expect(page.locator("bot-connection .status")).to_have_text("Connected")

    page.goto(f"/monitor?botId={bot_id}")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    sender = {"bot": BOT, "from": CUSTOMER, "name": "Ana"}
    whatsapp.act_now("message", **sender, text="¿Tienen pan?")
    page.get_by_text("Ana").first.click()
    expect(page.locator(".message", has_text="¿Tienen pan?")).to_have_count(1)
    answer = page.locator(".message[data-origin=bot]")
    expect(answer).to_have_count(1)
    expect(answer.locator(".ack")).to_have_attribute("data-ack", "read")

    file = whatsapp.act_now("upload", kind="image", base64=PNG)
    image = {"imageMessage": {**file, "mimetype": "image/png", "caption": "de este"}}
    whatsapp.act_now("message", **sender, message=image)
    picture = page.locator(".message", has_text="de este").locator("img")
    expect(picture).to_have_js_property("naturalWidth", 1)

    whatsapp.act_now("message", **sender, text="soy yo", fromMe=True)
    expect(page.locator(".message[data-origin=phone]")).to_have_text(re.compile("soy yo"))
    inbox = whatsapp.act_now("state")["inboxes"][CUSTOMER]
    assert len(inbox) == 1
