"""The bots page: each bot's status as it changes, without a stream, its day, and a new one."""

import re

from playwright.sync_api import Page, expect

from tests.browser.server import Server


def test_statuses_failures_and_the_day_show_without_a_stream(
    page: Page, server: Server, complaints: list[str]
) -> None:
    bot_id = server.linked_bot("Ventas")
    session = server.quiet_session(bot_id)
    server.post(f"/api/sessions/{session['id']}/messages", content="Hola, soy Ana")
    server.until(lambda: server.only_session(bot_id)["lastMessage"]["fromMe"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto("/bots")
    card = page.locator(".bot-card", has_text="Ventas")
    status = card.locator(".status")
    expect(status).to_have_text("Connected")
    figures = card.locator(".figures")
    expect(figures.locator("div", has_text="Chats")).to_contain_text("1")
    expect(figures.locator("div", has_text="From customers")).to_contain_text("1")
    expect(figures.locator("div", has_text="By people")).to_contain_text("1")
    expect(figures.locator("div", has_text="Median wait")).to_contain_text(re.compile(r"\d+ s"))
    expect(figures.get_by_role("img", name=re.compile("^2 messages in 14 days"))).to_be_visible()

    server.post(f"/api/simulator/bots/{bot_id}/unlink")
    server.until(lambda: server.status(bot_id) == "disconnected")
    page.clock.fast_forward(5_000)
    expect(status).to_have_text("Disconnected")
    server.post(f"/api/bots/{bot_id}/connect")
    server.until(lambda: server.status(bot_id) == "qr")
    page.clock.fast_forward(5_000)
    expect(status).to_have_text("Waiting for a scan")

    # Nobody looks: nothing is asked. Somebody does again: at once.
    hidden = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => %s })"
    changed = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(f"{hidden % 'true'}; {changed}")
    asked.clear()
    page.clock.fast_forward(60_000)
    page.evaluate("() => fetch('/healthz')")
    assert [url for url in asked if "/api/" in url] == []
    server.post(f"/api/simulator/bots/{bot_id}/scan", name="Ana")
    server.until(lambda: server.status(bot_id) == "connected")
    page.evaluate(f"{hidden % 'false'}; {changed}")
    expect(status).to_have_text("Connected")
    assert [url for url in asked if "/events/stream" in url] == []
    assert complaints == []


def test_a_new_bot_leads_to_its_qr_and_from_there_to_its_inbox(page: Page, server: Server) -> None:
    page.goto("/bots")
    page.get_by_label("Name of the new bot").fill("Reservas")
    page.get_by_role("button", name="Add bot").click()
    expect(page.get_by_role("heading", name="Reservas")).to_be_visible()
    expect(page.locator("bot-connection img")).to_be_visible()
    bot_id = page.url.split("/bots/")[1].split("?")[0]
    server.post(f"/api/simulator/bots/{bot_id}/scan", name="Ana")
    page.wait_for_url(f"**/monitor?botId={bot_id}")
    page.go_back()
    expect(page.get_by_role("heading", name="Bots", exact=True)).to_be_visible()
