"""What is measured: a page that stays open all day, and one that has a lot to show."""

import threading
from pathlib import Path

from playwright.sync_api import Browser

from bench.pages.browser import SCROLLER, Window, window
from bench.pages.panel import afternoon

DAY_CHATS, DAY_EVENTS, FIRST, LAST, HIDDEN = 500, 20_000, 5_000, 1_000, 500
FULL_CHATS, FULL_MESSAGES, FULL_SECONDS = 5_000, 2_000, 30


def all_day(browser: Browser, folder: Path, rate: float, share: float) -> dict[str, float]:
    """20,000 events over 500 chats, one of them open; then some more while the page is hidden."""
    chats, events = max(20, int(DAY_CHATS * share)), int(DAY_EVENTS * share)
    with (
        afternoon(folder, chats) as (day, happenings),
        window(browser, day.url, day.token) as watched,
    ):
        watched.page.goto(f"/monitor?botId={day.bot}#{happenings.open_chat}")
        watched.page.get_by_label("Write a message").wait_for()
        watched.sees(f"hola, soy {chats - 1}")
        loading = watched.look().tasks
        heaps: list[float] = []
        tasks: list[float] = []
        for number in (int(FIRST * share), events - int((FIRST + LAST) * share), int(LAST * share)):
            day.happen(happenings.posts(number), rate)
            day.happen([happenings.post(f"hito {len(heaps)}")], rate)
            watched.sees(f"hito {len(heaps)}")
            tasks += watched.look().tasks
            heaps.append(watched.heap())
            watched.look()
        nodes = watched.nodes()
        watched.hide()
        watched.look()
        day.happen(happenings.posts(int(HIDDEN * share)), rate)
        hidden = watched.look()
        day.happen([happenings.post("a la vista")], rate)
        watched.show()
        watched.sees("a la vista")
        shown = watched.look()
    return {
        "heap after the first 5,000 events, MB": heaps[0],
        "heap after 20,000, MB": heaps[-1],
        "growth between, %": 100 * (heaps[-1] / heaps[0] - 1),
        "longest task at the start, ms": max(loading, default=0),
        "longest task after it, ms": max(tasks, default=0),
        "tasks over 50 ms": len(tasks),
        "DOM nodes at the end": nodes,
        "DOM changes while hidden": hidden.drawn,
        "longest task when seen again, ms": max(hidden.tasks + shown.tasks, default=0),
    }


def full(browser: Browser, folder: Path, rate: float, share: float) -> dict[str, float]:
    """5,000 chats in the list and 2,000 messages in one, while an operator works."""
    chats, messages = int(FULL_CHATS * share), int(FULL_MESSAGES * share)
    with (
        afternoon(folder, chats, messages) as (day, happenings),
        window(browser, day.url, day.token) as watched,
    ):
        page = watched.page
        page.goto(f"/monitor?botId={day.bot}#{happenings.open_chat}")
        field = page.get_by_label("Write a message")
        field.wait_for()
        watched.sees(f"mensaje {messages - 2} de una larga conversación")
        loading = watched.look().tasks
        scroll_all(watched, f"Cliente {chats - 1:04}", down=True)
        scroll_all(watched, f"mensaje {messages - 2} de una larga conversación", down=False)
        scrolling = watched.look().tasks
        posts = list(happenings.posts(int(rate * FULL_SECONDS * share)))
        live = threading.Thread(target=day.happen, args=(posts, rate))
        live.start()
        turn = 0
        while live.is_alive():
            work(watched, turn)
            turn += 1
        live.join()
        seen = watched.look()
    inputs = sorted(seen.inputs)
    return {
        "longest task at the start, ms": max(loading, default=0),
        "longest task while all is scrolled to, ms": max(scrolling, default=0),
        "longest task while events come, ms": max(seen.tasks, default=0),
        "tasks over 50 ms then": len(seen.tasks),
        "inputs of 16 ms or more": len(inputs),
        "input to the end of its handlers, slowest, ms": seen.handled,
        "input to paint, slowest, ms": inputs[-1] if inputs else 0,
        "input to paint, 95 % under, ms": inputs[int(len(inputs) * 0.95)] if inputs else 0,
    }


def scroll_all(watched: Window, text: str, *, down: bool) -> None:
    """To one end of what scrolls around this text, until nothing more comes."""
    page = watched.page
    scroller = page.get_by_text(text, exact=True).first.evaluate_handle(SCROLLER)
    still = 0
    height = 0
    while still < 10:
        now = scroller.evaluate(
            """(one, down) => {
                one.scrollTop = down ? one.scrollHeight : 0;
                return one.scrollHeight;
            }""",
            down,
        )
        still = still + 1 if now == height else 0
        height = now
        page.wait_for_timeout(50)
    scroller.evaluate("(one, down) => { one.scrollTop = down ? 0 : one.scrollHeight; }", down)


def work(watched: Window, turn: int) -> None:
    """What an operator does again and again: another chat, a text, a search."""
    page = watched.page
    rows = page.get_by_role("button").filter(has_text="Cliente ")
    rows.nth(turn % 8).click()
    field = page.get_by_label("Write a message")
    field.press_sequentially("un momento", delay=40)
    field.fill("")
    if turn % 3 == 0:
        search = page.get_by_label("Search chats")
        search.press_sequentially("0042", delay=60)
        page.wait_for_timeout(400)
        search.fill("")
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(200)
