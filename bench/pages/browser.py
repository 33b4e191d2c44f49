"""A Chromium that watches itself: its heap, its long tasks, how soon input shows, what it draws.

Pages are found by address, role and label only, so that an older or a newer panel can be measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE_MS = 60_000
# Chromium rounds both kinds of entry: long tasks begin at 50 ms, inputs are reported from 16.
WATCH = """
window.watched = { tasks: [], inputs: new Map(), handled: 0, drawn: 0 };
new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.tasks.push(duration);
}).observe({ type: 'longtask', buffered: true });
new PerformanceObserver((list) => {
    for (const { interactionId, duration, startTime, processingEnd } of list.getEntries()) {
        if (!interactionId) continue;
        watched.handled = Math.max(watched.handled, processingEnd - startTime);
        const slowest = Math.max(duration, watched.inputs.get(interactionId) ?? 0);
        watched.inputs.set(interactionId, slowest);
    }
}).observe({ type: 'event', durationThreshold: 16, buffered: true });
"""
HIDE = """() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
    watched.drawn = 0;
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver((changes) => { watched.drawn += changes.length; })
        .observe(document.body, all);
}"""
SHOW = """() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
}"""
# The part of the page that scrolls, around what is named.
SCROLLER = """(node) => {
    let one = node;
    while (one && !(one.scrollHeight > one.clientHeight + 1
        && /auto|scroll/.test(getComputedStyle(one).overflowY))) one = one.parentElement;
    return one;
}"""


@dataclass(frozen=True)
class Watched:
    """Since the last look: milliseconds of each long task and of each slow input; DOM changes.

    ``handled``: the longest that an input waited for the page and was worked on by it. What comes
    after that is drawing, which a machine without a graphics card does by its busy processor.
    """

    tasks: list[float]
    inputs: list[float]
    handled: float
    drawn: int


class Window:
    """A signed-in page of the panel."""

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self.page = page
        self._devtools = devtools

    def heap(self) -> float:
        """MB in use after everything that can be freed has been."""
        # Twice: what the first one finalizes, the second one frees.
        for _ in range(2):
            self._devtools.send("HeapProfiler.collectGarbage")
        used: float = self._devtools.send("Runtime.getHeapUsage")["usedSize"]
        return used / 1e6

    def nodes(self) -> int:
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return int(next(one["value"] for one in metrics if one["name"] == "Nodes"))

    def look(self) -> Watched:
        """What was seen since the last look."""
        self.page.wait_for_timeout(100)  # entries come a moment after what they report
        found: dict[str, Any] = self.page.evaluate(
            """() => {
                const { tasks, inputs, handled, drawn } = watched;
                Object.assign(watched, { tasks: [], inputs: new Map(), handled: 0, drawn: 0 });
                return { tasks, inputs: [...inputs.values()], handled, drawn };
            }"""
        )
        return Watched(**found)

    def sees(self, text: str) -> None:
        """Wait until this text is on the page."""
        self.page.get_by_text(text, exact=True).first.wait_for(timeout=PATIENCE_MS)

    def hide(self) -> None:
        self.page.evaluate(HIDE)

    def show(self) -> None:
        self.page.evaluate(SHOW)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, url: str, token: str) -> Iterator[Window]:
    """A window with nobody's cookies but this token's; nothing is open in it."""
    context = browser.new_context(
        base_url=url, locale="en-US", viewport={"width": 1280, "height": 800}
    )
    context.add_cookies([{"name": "pulso_session", "value": token, "url": url}])
    context.add_init_script(WATCH)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    yield Window(page, devtools)
    context.close()
