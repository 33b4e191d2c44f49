"""A tab that is frozen or hidden, and a network that goes and comes back, as a page sees them."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import messages
from tests.browser.test_shared_stream import tabs


def test_a_frozen_tab_hands_the_connection_over_and_joins_when_it_thaws(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    leading, other = tabs(open_context(), bot_id, session["id"], 2)
    (stream,) = server.streams()
    # Chromium freezes hidden tabs only, and here none is hidden: the page hears what it would.
    leading.evaluate("document.dispatchEvent(new Event('freeze'))")
    # At once, where the other would take 75 s to find the leader dead.
    server.until(lambda: {s["streamId"] for s in server.streams()} - {stream["streamId"]})
    server.until(lambda: len(server.streams()) == 1)
    server.customer_writes(bot_id, "mientras tanto")
    expect(messages(other, "mientras tanto")).to_have_count(1)
    expect(messages(leading, "mientras tanto")).to_have_count(0)
    leading.evaluate("document.dispatchEvent(new Event('resume'))")
    expect(messages(leading, "mientras tanto")).to_have_count(1)
    server.customer_writes(bot_id, "a las dos")
    for page in (leading, other):
        expect(messages(page, "a las dos")).to_have_count(1)
    server.until(lambda: len(server.streams()) == 1)


def test_with_the_network_back_every_tab_hears_at_once(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    context = open_context()
    pages = tabs(context, bot_id, session["id"], 3)
    context.set_offline(True)
    server.customer_writes(bot_id, "sin red")
    # Long enough for waits that grow to have grown.
    pages[0].wait_for_timeout(3_000)
    context.set_offline(False)
    for page in pages:
        expect(page.locator(".message .text")).to_have_text(["hola", "sin red"])
    server.until(lambda: len(server.streams()) == 1)


def test_a_follower_wakes_a_leader_whose_clock_does_not_run(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    leading, other = tabs(open_context(), bot_id, session["id"], 2)
    (stream,) = server.streams()
    # A hidden tab's timers may run once a minute; here they don't at all.
    leading.evaluate("for (let id = setTimeout(() => {}); id > 0; id -= 1) clearTimeout(id)")
    leading.evaluate("window.setTimeout = () => 1")
    server.api.delete(f"/api/streams/{stream['streamId']}").raise_for_status()
    server.until(lambda: server.streams() == [])
    server.until(lambda: len(server.streams()) == 1)
    server.customer_writes(bot_id, "despierta")
    expect(messages(other, "despierta")).to_have_count(1)
