"""The streams page: who is connected, how far behind, and the end of one."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import open_monitor


def test_an_administrator_sees_who_follows_what_and_ends_it(
    open_context: OpenContext, server: Server, complaints: list[str]
) -> None:
    bot_id = server.linked_bot("Ventas")
    watching, page = open_context().new_page(), open_context().new_page()
    page.goto("/streams")
    expect(page.get_by_text("Nobody is connected right now.")).to_be_visible()
    open_monitor(watching, bot_id)
    page.goto("/operators")
    page.get_by_role("link", name="Live connections").click()
    row = page.locator("#streams li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("admin")
    expect(row).to_contain_text("Ventas")
    expect(row).to_contain_text("Up to date")
    first = server.streams()[0]["streamId"]
    row.get_by_role("button", name="End").click()
    page.get_by_role("dialog").get_by_role("button", name="End").click()
    # Whoever still may comes back, on another stream.
    server.until(lambda: [one["streamId"] for one in server.streams()] not in ([], [first]))
    expect(watching.locator("connection-light")).to_have_text("Up to date")
    assert complaints == []
