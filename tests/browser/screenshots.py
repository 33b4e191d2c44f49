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


def _contact(page: Page) -> None:
    _chat(page, "Lucía")
    page.locator("#show-contact").click()
    expect(page.locator("#contact-chats button").first).to_be_visible()


def _menu(page: Page) -> None:
    _chat(page, "Carmen")
    page.locator("#chat-menu").click()


def _keys(page: Page) -> None:
    _monitor(page)
    page.locator("body").press("?")


def _unassigned(page: Page) -> None:
    _monitor(page)
    page.locator("#view-unassigned").click()


def _open(path: str, ready: str) -> Shot:
    def shot(page: Page, bots: dict[str, str]) -> None:
        page.goto(path.format(**bots))
        expect(page.locator(ready).first).to_be_visible()

    return shot


SHOTS: dict[str, Shot] = {
    "inbox": lambda page, _: _monitor(page),
    "chat": lambda page, _: _chat(page, "Lucía"),
    "waiting": lambda page, _: _chat(page, "Carmen"),
    "contact": lambda page, _: _contact(page),
    "menu": lambda page, _: _menu(page),
    "keys": lambda page, _: _keys(page),
    "unassigned": lambda page, _: _unassigned(page),
    "bots": _open("/bots", ".day-chart"),
    "bot": _open("/bots/{Ventas}", "bot-connection .status"),
    "operators": _open("/operators", "#operator-list li"),
    "settings": _open("/settings", "#who"),
    "simulator": _open("/simulator?botId={Ventas}", ".session"),
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
