"""Whatever breaks between page and server, the page gets right again by itself."""

from concurrent.futures import ThreadPoolExecutor

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import messages, open_chat


def test_a_closed_page_leaves_no_subscription(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    server.until(lambda: server.streams() == [])
    open_chat(page, bot_id, session["id"])
    assert len(server.streams()) == 1
    page.close()
    server.until(lambda: server.streams() == [])


def test_leaving_for_a_page_without_a_stream_ends_it(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    open_chat(page, bot_id, session["id"])
    page.get_by_role("link", name="Bots", exact=True).click()
    expect(page.get_by_role("heading", name="Bots", exact=True)).to_be_visible()
    server.until(lambda: server.streams() == [])
    page.go_back()
    expect(page.locator("connection-light")).to_have_text("Up to date")
    server.customer_writes(bot_id, "después de volver")
    expect(messages(page, "después de volver")).to_have_count(1)


def test_a_blocked_stream_leaves_polling(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    page.route("**/events/stream*", lambda route: route.abort())
    page.goto(f"/monitor?botId={bot_id}&poll=2#{session['id']}")
    expect(page.locator("#composer")).to_be_visible()
    server.customer_writes(bot_id, "sin línea")
    expect(messages(page, "sin línea")).to_have_count(1)
    expect(page.locator("connection-light")).to_contain_text("Refreshing every 2 s")
    page.unroute("**/events/stream*")
    expect(page.locator("connection-light")).to_have_text("Up to date", timeout=40_000)
    server.customer_writes(bot_id, "otra vez en vivo")
    expect(messages(page, "otra vez en vivo")).to_have_count(1)
    expect(messages(page, "sin línea")).to_have_count(1)


# An EventSource that hears everything but what it was opened for.
DEAF = """
window.EventSource = class extends EventSource {
  set onmessage(handler) {
    super.onmessage = handler && ((event) => {
      if (window.deaf && /"(message|session):/.test(event.data)) return;
      handler(event);
    });
  }
};
"""


def test_a_line_that_swallows_events_is_found_out(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    page.add_init_script(DEAF)
    page.goto(f"/monitor?botId={bot_id}&poll=2#{session['id']}")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    page.evaluate("window.deaf = true")
    server.customer_writes(bot_id, "que nadie oye")
    expect(messages(page, "que nadie oye")).to_have_count(1)


def test_a_live_page_checks_with_one_request(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    server.quiet_session(bot_id)
    page.goto(f"/monitor?botId={bot_id}&poll=2")
    expect(page.locator("connection-light")).to_have_text("Up to date")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**/api/sessions*"):
        pass
    page.wait_for_timeout(1_500)  # less than two checks
    assert len(asked) == 1, asked


def test_a_stream_ended_by_an_administrator_comes_back(page: Page, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    open_chat(page, bot_id, session["id"])
    (stream,) = server.streams()
    server.api.delete(f"/api/streams/{stream['streamId']}").raise_for_status()
    server.customer_writes(bot_id, "mientras tanto")
    # A page told to go waits 1 to 5 s.
    expect(messages(page, "mientras tanto")).to_have_count(1, timeout=15_000)
    assert [one["streamId"] for one in server.streams()] != [stream["streamId"]]


def test_a_signed_out_page_goes_to_the_sign_in(open_context: OpenContext, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    context = open_context()
    page = context.new_page()
    open_chat(page, bot_id, session["id"])
    # Another sign-in, so that the tests' own is not the one that ends.
    secret = {"username": "admin", "password": "a password for tests"}
    assert context.request.post("/api/auth/login", data=secret).ok
    other = context.new_page()
    other.goto("/bots")
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    page.reload()
    expect(page.locator("connection-light")).to_have_text("Up to date")
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_open_pages_survive_a_killed_server(frail: Server, open_frail: OpenContext) -> None:
    bot_id = frail.linked_bot()
    session = frail.quiet_session(bot_id)
    page = open_frail().new_page()
    open_chat(page, bot_id, session["id"])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_until_it_fails, frail, bot_id)
        # The second shows that the first was answered.
        expect(messages(page, "antes").nth(1)).to_be_visible()
        frail.kill()
        assert writing.result() > 0
    frail.start()
    frail.until(lambda: frail.status(bot_id) == "connected")
    frail.customer_writes(bot_id, "después")
    expect(messages(page, "después")).to_have_count(1, timeout=60_000)
    expect(page.locator("connection-light")).to_have_text("Up to date", timeout=60_000)
    stored = frail.get(f"/api/sessions/{session['id']}/messages", limit=200)["messages"]
    shown = page.locator(".message .text").all_text_contents()
    assert len(shown) >= min(50, len(stored))
    assert shown == [one["content"] for one in stored][-len(shown) :]


def write_until_it_fails(server: Server, bot_id: str) -> int:
    """How many messages the server took."""
    cookies = {"pulso_session": server.api.cookies["pulso_session"]}
    path = f"/api/simulator/bots/{bot_id}/message"
    with httpx.Client(base_url=server.url, cookies=cookies) as client:
        for number in range(100_000):
            body = {"from": "5215550001", "name": "María", "text": f"antes {number}."}
            try:
                client.post(path, json=body).raise_for_status()
            except httpx.HTTPError:
                return number
    raise AssertionError("it was never killed")


def test_a_bot_taken_away_leaves_the_others_live(open_context: OpenContext, server: Server) -> None:
    kept, taken = server.linked_bot("Queda"), server.linked_bot("Se va")
    server.quiet_session(kept, "se queda")
    server.quiet_session(taken, "se va")
    operator = server.post(
        "/api/operators", username="eva", password="una contraseña larga", bots=[kept, taken]
    )
    page = open_context(signed_in=False).new_page()
    page.goto("/monitor")
    page.get_by_label("User name").fill("eva")
    page.get_by_label("Password").fill("una contraseña larga")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("connection-light")).to_have_text("Up to date")
    expect(page.locator(".session")).to_have_count(2)
    # Two tabs more: the one that will lead shows the bot that goes, and stays open.
    page.goto(f"/bots/{taken}")
    page = page.context.new_page()
    page.goto("/monitor")
    expect(page.locator(".session")).to_have_count(2)
    path = f"/api/operators/{operator['id']}"
    server.api.patch(path, json={"bots": [kept]}).raise_for_status()
    expect(page.locator(".session .preview")).to_have_text(["se queda"])
    expect(page.locator("connection-light")).to_have_text("Up to date")
    server.customer_writes(kept, "sigue")
    expect(page.locator(".session .preview")).to_have_text(["sigue"])
