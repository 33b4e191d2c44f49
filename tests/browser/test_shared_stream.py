"""Tabs of one browser share one connection, and lose nothing when it changes hands."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.test_monitor import messages, open_chat


def tabs(context: BrowserContext, bot_id: str, session_id: str, count: int) -> list[Page]:
    pages = [context.new_page() for _ in range(count)]
    for page in pages:
        open_chat(page, bot_id, session_id)
    return pages


def test_eight_tabs_have_one_connection_and_all_hear(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    pages = tabs(open_context(), bot_id, session["id"], 8)
    server.until(lambda: len(server.streams()) == 1)
    for number in range(5):
        server.customer_writes(bot_id, f"para todas {number}")
    for page in pages:
        expect(page.locator(".message .text")).to_have_text(
            ["hola", *(f"para todas {number}" for number in range(5))]
        )


def test_a_tab_of_another_bot_joins_the_connection(
    open_context: OpenContext, server: Server
) -> None:
    one, other = server.linked_bot("Uno"), server.linked_bot("Dos")
    first, second = server.quiet_session(one), server.quiet_session(other)
    context = open_context()
    (page,) = tabs(context, one, first["id"], 1)
    (joined,) = tabs(context, other, second["id"], 1)
    server.until(lambda: [sorted(s["bots"]) for s in server.streams()] == [sorted([one, other])])
    server.customer_writes(other, "al segundo")
    server.customer_writes(one, "al primero")
    expect(messages(joined, "al segundo")).to_have_count(1)
    expect(messages(page, "al primero")).to_have_count(1)
    expect(messages(page, "al segundo")).to_have_count(0)
    joined.close()
    server.until(lambda: [s["bots"] for s in server.streams()] == [[one]])


def test_the_connection_changes_hands_without_loss(
    open_context: OpenContext, server: Server
) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id, "0")
    pages = tabs(open_context(), bot_id, session["id"], 4)
    number = 0
    while len(pages) > 1:
        for _ in range(10):
            number += 1
            server.customer_writes(bot_id, str(number))
            if number % 10 == 5:
                pages.pop(0).close()
        for page in pages:
            expect(page.locator(".message .text")).to_have_text(
                [str(one) for one in range(number + 1)]
            )
    server.until(lambda: len(server.streams()) == 1)
    pages.pop().close()
    server.until(lambda: server.streams() == [])


# What a reader has who waits for a ping: half a minute.
AT_ONCE_MS = 5_000


def apart(context: BrowserContext, server: Server, bots: list[str]) -> list[Page]:
    """A tab for each bot; none's cursor is one that another tab knows."""
    pages = []
    foreign = server.linked_bot("De nadie")
    for bot_id in bots:
        session = server.quiet_session(bot_id)
        # A tab that reads nothing new causes no event, by which it could join the others.
        server.post(f"/api/sessions/{session['id']}/read")
        # Nobody here follows it, yet it moves the newest cursor on.
        server.customer_writes(foreign, "ruido")
        page = context.new_page()
        page.goto(f"/monitor?botId={bot_id}#{session['id']}")
        expect(page.locator(".message .text")).to_have_text(["hola"])
        pages.append(page)
        # The shared connection, and two tabs that catch up with it.
        assert len(server.streams()) <= 3
    return pages


def test_one_browser_never_holds_more_than_three_connections(
    open_context: OpenContext, server: Server
) -> None:
    bots = [server.linked_bot(f"Bot {number}") for number in range(5)]
    pages = apart(open_context(), server, bots)
    for bot_id, page in zip(bots, pages, strict=True):
        server.customer_writes(bot_id, "directo")
        expect(messages(page, "directo")).to_have_count(1, timeout=AT_ONCE_MS)
        assert len(server.streams()) <= 3
    # All of them heard of it, and nobody needs a connection of its own any more.
    server.until(lambda: len(server.streams()) == 1)
    (stream,) = server.streams()
    assert sorted(stream["bots"]) == sorted(bots)


@pytest.mark.parametrize("busy", [0, 2, 3])
def test_no_tab_starves_beside_a_busy_bot_of_another(
    open_context: OpenContext, server: Server, busy: int
) -> None:
    bots = [server.linked_bot(f"Bot {number}") for number in range(4)]
    pages = apart(open_context(), server, bots)
    for number in range(12):
        server.customer_writes(bots[busy], f"{number}.")
    expect(pages[busy].locator(".message .text")).to_have_text(
        ["hola", *(f"{number}." for number in range(12))], timeout=AT_ONCE_MS
    )
    server.until(lambda: len(server.streams()) == 1)


def test_twenty_searches_open_no_stream(open_context: OpenContext, server: Server) -> None:
    bot_id = server.linked_bot()
    session = server.quiet_session(bot_id)
    leading, other = tabs(open_context(), bot_id, session["id"], 2)
    (stream,) = server.streams()
    for number in range(20):
        with leading.expect_response("**/api/sessions?*"):
            leading.get_by_label("Search chats").fill(f"h{'o' * number}")
    leading.get_by_label("Search chats").fill("")
    server.customer_writes(bot_id, "después de buscar")
    for page in (leading, other):
        expect(messages(page, "después de buscar")).to_have_count(1)
    assert [one["streamId"] for one in server.streams()] == [stream["streamId"]]


def test_a_killed_server_is_told_to_every_tab(frail: Server, open_frail: OpenContext) -> None:
    bot_id = frail.linked_bot()
    session = frail.quiet_session(bot_id)
    pages = tabs(open_frail(), bot_id, session["id"], 3)
    frail.kill()
    frail.start()
    frail.until(lambda: frail.status(bot_id) == "connected")
    frail.customer_writes(bot_id, "después")
    for page in pages:
        expect(page.locator(".message .text")).to_have_text(["hola", "después"], timeout=60_000)
    frail.until(lambda: len(frail.streams()) == 1)


# A limit of 15 s on a request takes one here.
HASTY = """
const limit = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => limit(ms / 15);
"""


def test_a_tab_whose_snapshot_hangs_keeps_nobody_waiting_and_says_so(
    frail: Server, open_frail: OpenContext
) -> None:
    bot_id = frail.linked_bot()
    session = frail.quiet_session(bot_id)
    context = open_frail()
    context.add_init_script(HASTY)
    leading, other = tabs(context, bot_id, session["id"], 2)
    leading.route("**/api/sessions*", lambda route: None)
    # What it had in memory is gone: every tab needs a snapshot.
    frail.kill()
    frail.start()
    frail.until(lambda: frail.status(bot_id) == "connected")
    frail.customer_writes(bot_id, "después")
    for text in ("después", "y sigue"):
        expect(messages(other, text)).to_have_count(1)
        frail.customer_writes(bot_id, "y sigue")
    expect(leading.locator("#problem")).to_contain_text("did not answer in time")
    leading.unroute_all()
    expect(messages(leading, "y sigue")).to_have_count(2)
    expect(messages(leading, "después")).to_have_count(1)
    expect(leading.locator("#problem")).to_be_empty()


def test_a_frozen_leader_is_replaced_and_catches_up_when_it_wakes(
    quick: Server, open_quick: OpenContext
) -> None:
    bot_id = quick.linked_bot()
    session = quick.quiet_session(bot_id)
    frozen, awake = tabs(open_quick(), bot_id, session["id"], 2)
    frozen.evaluate(
        """() => setTimeout(() => {
            const end = Date.now() + 8_000;
            while (Date.now() < end);
        })"""
    )
    quick.customer_writes(bot_id, "mientras duerme")
    expect(messages(awake, "mientras duerme")).to_have_count(1, timeout=7_900)
    expect(messages(frozen, "mientras duerme")).to_have_count(1, timeout=30_000)
    quick.customer_writes(bot_id, "y después")
    for page in (frozen, awake):
        expect(page.locator(".message .text")).to_have_text(
            ["hola", "mientras duerme", "y después"], timeout=30_000
        )
    quick.until(lambda: len(quick.streams()) == 1)
