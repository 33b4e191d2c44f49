"""`make screenshots`: every page, light and dark, in both languages, at three widths.

A server of its own with a day of data; pictures go to ``screenshots/``, which is not kept. With
words on the command line, only the pictures whose names hold all of them.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.day import prepare
from tests.browser.server import ROOT, Server

OUT = ROOT / "screenshots"
WIDTHS = {360: 740, 768: 1024, 1440: 900}
Shot = Callable[[Page, dict[str, str]], None]


def _monitor(page: Page, hash_: str = "") -> None:
    page.goto(f"/monitor{hash_}")
    expect(page.locator(".session").first).to_be_visible()


def _chat(page: Page, name: str) -> None:
    _monitor(page)
    page.locator(".session", has_text=name).click()
    expect(page.locator(".message").first).to_be_visible()


SHOTS: dict[str, Shot] = {
    "inbox": lambda page, _: _monitor(page),
    "chat": lambda page, _: _chat(page, "Lucía"),
    "waiting": lambda page, _: _chat(page, "Carmen"),
    "bots": lambda page, _: (page.goto("/bots"), page.wait_for_selector(".bot-card"))[0] and None,
    "bot": lambda page, bots: page.goto(f"/bots/{bots['Ventas']}") and None,
    "simulator": lambda page, bots: page.goto(f"/simulator?botId={bots['Ventas']}") and None,
}


def take(browser: Browser, server: Server, bots: dict[str, str], words: list[str]) -> None:
    for theme in ("light", "dark"):
        for language in ("es", "en"):
            for width, height in WIDTHS.items():
                names = {shot: f"{shot}-{theme}-{language}-{width}" for shot in SHOTS}
                wanted = [shot for shot in SHOTS if all(word in names[shot] for word in words)]
                if not wanted:
                    continue
                context = browser.new_context(
                    base_url=server.url,
                    locale=language,
                    color_scheme=theme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                    viewport={"width": width, "height": height},
                    has_touch=width < 500,
                )
                cookie = server.api.cookies["pulso_session"]
                context.add_cookies([{"name": "pulso_session", "value": cookie, "url": server.url}])
                page = context.new_page()
                for shot in wanted:
                    SHOTS[shot](page, bots)
                    page.wait_for_timeout(400)
                    page.screenshot(path=OUT / f"{names[shot]}.png")
                context.close()


def main(words: list[str]) -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), {"PULSO_AI": "off"})
        bots = prepare(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            take(browser, server, bots, words)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
