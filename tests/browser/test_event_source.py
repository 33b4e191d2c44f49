"""BotEventSource against a server that does its worst. The page's clock is the test's."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.scripted import END, ScriptedServer, connected, event, scripted_server
from tests.browser.server import Server

HEARD = """() => window.heard"""


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        yield scripted


@pytest.fixture
def blank(browser: Browser, scripted: ScriptedServer) -> Iterator[Page]:
    context = browser.new_context(base_url=scripted.url)
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    yield page
    context.close()


def listen(page: Page, bots: str | list[str] = "b1", **options: Any) -> None:
    """Open a source that notes all it tells in ``window.heard``."""
    page.evaluate(
        """async ([bots, options]) => {
            const { BotEventSource } = await import('/static/js/events.js');
            window.heard = [];
            window.source = new BotEventSource(bots, options);
            const types = ['connected', 'message:sent', 'gap', 'poll', 'state', 'ping',
                           'closing', 'unauthorized', 'token:expiring'];
            for (const type of types) window.source.on(type, (event) => window.heard.push(event));
            window.started = window.source.connect();
        }""",
        [bots, {"shared": False, **options}],
    )


def heard(page: Page, kind: str) -> list[dict[str, Any]]:
    return [one for one in page.evaluate(HEARD) if one["type"] == kind]


def states(page: Page) -> list[str]:
    return [one["state"] for one in heard(page, "state")]


def sent(content: str) -> dict[str, Any]:
    return {"type": "message:sent", "botId": "b1", "sessionId": "s", "content": content}


def closing(reason: str, event_id: str = "e-0") -> str:
    return event({"type": "closing", "reason": reason}, event_id)


def test_it_is_live_only_after_connected(blank: Page, scripted: ScriptedServer) -> None:
    scripted.answers = [[]]
    listen(blank)
    Server.until(lambda: len(scripted.asked) == 1)
    assert states(blank) == ["connecting"]
    scripted.say(connected())
    Server.until(lambda: states(blank) == ["connecting", "live"])


def test_it_asks_for_every_bot_once_from_the_snapshots_cursor(
    blank: Page, scripted: ScriptedServer
) -> None:
    listen(blank, ["b1", "b2", "b1"], lastEventId="e-7")
    Server.until(lambda: len(scripted.asked) == 1)
    assert scripted.asked == [{"botId": ["b1", "b2"], "lastEventId": ["e-7"]}]


@pytest.mark.parametrize(
    ("reason", "least", "most"),
    [("shutdown", 900, 5_000), ("renew", 900, 5_000), ("overloaded", 14_900, 30_000)],
)
def test_a_closing_is_obeyed(
    blank: Page, scripted: ScriptedServer, reason: str, least: int, most: int
) -> None:
    scripted.answers = [[connected("e-4"), closing(reason, "e-4")]]
    listen(blank)
    Server.until(lambda: len(heard(blank, "closing")) == 1)
    blank.clock.run_for(least)
    assert len(scripted.asked) == 1
    blank.clock.run_for(most - least)
    Server.until(lambda: len(scripted.asked) == 2)
    assert scripted.asked[1]["lastEventId"] == ["e-4"]


def test_failures_are_met_with_longer_and_longer_waits(
    blank: Page, scripted: ScriptedServer
) -> None:
    scripted.answers = [503, 503, 503, [connected()]]
    listen(blank)
    for wait in (1_250, 2_500, 5_000):
        before = len(scripted.asked)
        Server.until(lambda before=before: len(scripted.asked) >= max(before, 1))
        # The browser's error event comes on its own time.
        Server.until(lambda wait=wait: _asked_after(blank, scripted, wait))
    Server.until(lambda: states(blank)[-1] == "live")


def _asked_after(page: Page, scripted: ScriptedServer, wait: int) -> bool:
    before = len(scripted.asked)
    page.clock.run_for(wait)
    return len(scripted.asked) > before or not scripted.answers


def test_a_dead_connection_is_noticed_by_its_silence(blank: Page, scripted: ScriptedServer) -> None:
    scripted.answers = [[connected("e-1")]]
    listen(blank, heartbeatSeconds=10)
    Server.until(lambda: states(blank)[-1] == "live")
    blank.clock.run_for(24_000)
    assert len(scripted.asked) == 1
    blank.clock.run_for(3_000)
    Server.until(lambda: len(scripted.asked) == 2)
    assert scripted.asked[1]["lastEventId"] == ["e-1"]


def test_pings_keep_it_and_carry_the_cursor(blank: Page, scripted: ScriptedServer) -> None:
    listen(blank, heartbeatSeconds=10)
    Server.until(lambda: states(blank)[-1:] == ["live"])
    for number in range(4):
        blank.clock.run_for(9_000)
        now = blank.evaluate("Date.now()")
        scripted.say(event({"time": now}, f"e-{number + 1}", name="ping"))
        Server.until(lambda number=number: len(heard(blank, "ping")) == number + 1)
    assert len(scripted.asked) == 1
    scripted.say(END)
    Server.until(lambda: states(blank)[-1] == "reconnecting")
    blank.clock.run_for(1_500)
    Server.until(lambda: len(scripted.asked) == 2)
    assert scripted.asked[1]["lastEventId"] == ["e-4"]


def test_after_a_sleep_it_reconnects_at_once(blank: Page, scripted: ScriptedServer) -> None:
    listen(blank)
    Server.until(lambda: states(blank)[-1:] == ["live"])
    blank.clock.fast_forward(600_000)
    blank.clock.run_for(1_000)
    Server.until(lambda: len(scripted.asked) == 2)


def test_what_comes_twice_is_told_once(blank: Page, scripted: ScriptedServer) -> None:
    scripted.answers = [
        [connected(), event(sent("uno"), "e-1"), event(sent("uno"), "e-1")],
        [connected("e-1"), event(sent("uno"), "e-1"), event(sent("dos"), "e-2")],
    ]
    listen(blank)
    Server.until(lambda: len(heard(blank, "message:sent")) == 1)
    scripted.say(END)
    Server.until(lambda: states(blank)[-1] == "reconnecting")
    blank.clock.run_for(1_500)
    Server.until(lambda: len(heard(blank, "message:sent")) == 2)
    assert [one["content"] for one in heard(blank, "message:sent")] == ["uno", "dos"]


def test_a_gap_is_told_once_and_the_snapshot_goes_on(blank: Page, scripted: ScriptedServer) -> None:
    gaps = [
        event({"type": "gap", "botId": bot, "reason": "restarted", "after": None}, "f-0")
        for bot in ("b1", "b2")
    ]
    scripted.answers = [[connected("f-0"), connected("f-0", "b2"), *gaps, event(sent("x"), "f-1")]]
    listen(blank, ["b1", "b2"], lastEventId="e-9")
    Server.until(lambda: len(heard(blank, "gap")) == 1)
    assert heard(blank, "message:sent") == []
    blank.evaluate("window.source.resume('f-5')")
    Server.until(lambda: len(scripted.asked) == 2)
    assert scripted.asked[1]["lastEventId"] == ["f-5"]
    assert len(heard(blank, "gap")) == 1


def test_a_snapshot_that_failed_is_asked_for_again(blank: Page, scripted: ScriptedServer) -> None:
    gap = event({"type": "gap", "botId": "b1", "reason": "evicted", "after": "e-1"}, "e-5")
    scripted.answers = [[connected("e-5"), gap]]
    listen(blank, lastEventId="e-1")
    Server.until(lambda: len(heard(blank, "gap")) == 1)
    blank.clock.run_for(3_000)
    assert len(heard(blank, "gap")) == 2


def test_an_expiring_token_is_renewed_on_the_same_connection(
    blank: Page, scripted: ScriptedServer
) -> None:
    expiring = {"type": "token:expiring", "streamId": "s1", "expiresAt": "2026-01-01T00:00:00.000Z"}
    scripted.answers = [[connected(), event(expiring, "e-0")]]
    listen(blank)
    Server.until(lambda: len(scripted.posted) == 2)
    assert scripted.posted == [("/api/auth/refresh", {}), ("/events/renew", {"streamId": "s1"})]
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("answer", [401, [connected(), closing("revoked")]])
def test_a_sign_in_that_is_over_ends_it(
    blank: Page, scripted: ScriptedServer, answer: int | list[str]
) -> None:
    scripted.signed_in = False
    scripted.answers = [answer]
    listen(blank)
    Server.until(lambda: len(heard(blank, "unauthorized")) == 1)
    blank.clock.run_for(120_000)
    assert len(scripted.asked) == 1


def test_no_line_means_polling(blank: Page, scripted: ScriptedServer) -> None:
    # It comes to nothing however often it is asked for.
    scripted.answers = [[] for _ in range(9)]
    listen(blank, pollSeconds=20, heartbeatSeconds=60)
    Server.until(lambda: len(scripted.asked) == 1)
    blank.clock.run_for(6_000)
    assert states(blank)[-1] == "polling"
    assert len(heard(blank, "poll")) == 1
    blank.clock.run_for(20_000)
    assert len(heard(blank, "poll")) == 2

    def live() -> bool:
        # Again: it may have asked anew meanwhile, and listen there.
        scripted.say(connected())
        return states(blank)[-1] == "live"

    Server.until(live)
    blank.clock.run_for(40_000)
    assert len(heard(blank, "poll")) == 2


def test_pings_that_come_late_betray_a_buffer(blank: Page, scripted: ScriptedServer) -> None:
    listen(blank, heartbeatSeconds=10)
    Server.until(lambda: states(blank)[-1:] == ["live"])
    now = blank.evaluate("Date.now()")
    scripted.say(event({"time": now}, "e-1", name="ping"))
    Server.until(lambda: len(heard(blank, "ping")) == 1)
    blank.clock.run_for(20_000)
    scripted.say(event({"time": now + 10_000}, "e-2", name="ping"))
    Server.until(lambda: states(blank)[-1] == "buffering")
    scripted.say(event({"time": now + 20_000}, "e-3", name="ping"))
    Server.until(lambda: len(heard(blank, "ping")) == 3)
    assert states(blank)[-1] == "buffering"
    blank.clock.run_for(10_000)
    scripted.say(event({"time": now + 30_000}, "e-4", name="ping"))
    Server.until(lambda: states(blank)[-1] == "live")


def test_close_leaves_nothing_behind(blank: Page, scripted: ScriptedServer) -> None:
    listen(blank)
    Server.until(lambda: states(blank)[-1:] == ["live"])
    blank.evaluate("window.source.close()")
    told = len(blank.evaluate(HEARD))
    blank.clock.run_for(600_000)
    blank.evaluate("dispatchEvent(new Event('online'))")
    assert len(scripted.asked) == 1
    assert len(blank.evaluate(HEARD)) == told


def test_it_speaks_the_originals_language(blank: Page) -> None:
    told = blank.evaluate(
        """async () => {
            const { BotEventSource } = await import('/static/js/events.js');
            const source = new BotEventSource('b1', { shared: false });
            const chained = source.on('connected', () => {}) === source;
            const started = [source.connect(), source.connect()];
            source.close();
            return { chained, started, empty: new BotEventSource([]).connect() };
        }"""
    )
    assert told == {"chained": True, "started": [True, False], "empty": False}
