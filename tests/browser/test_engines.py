"""Three tabs each of Chromium, Firefox and WebKit come back from whatever breaks.

They show every message once and in order, and each browser has one stream."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SILENT
from tests.browser.engines import ENGINES, Engine, Missing, Processes, Tab
from tests.browser.server import Server
from tests.browser.wire import Wire, wire_to

# Nine tabs of three browsers at once: with other tests beside them they are late.
pytestmark = pytest.mark.alone

TABS = 3
# A crash, seen from a page: some backoff, on a machine with three browsers.
COMES_BACK_SECONDS = 45.0
SHOWN = """return [...document.querySelectorAll('.message .text')].map((one) => one.textContent)"""
LIVE = """return document.querySelector('connection-light').dataset.state"""


class Browsers:
    """Every engine's tabs, all with the same chat."""

    def __init__(self, server: Server, wire: Wire) -> None:
        self.server = server
        self.wire = wire
        self.processes: list[Processes] = []
        self.tabs: dict[str, list[Tab]] = {}
        self.missing: dict[str, str] = {}
        self._bot = server.linked_bot()
        self._session = server.quiet_session(self._bot)["id"]
        self._said = ["hola"]

    def add(self, name: str, engine: Engine, processes: Processes) -> None:
        engine.sign_in(self.wire.url, self.server.api.cookies["pulso_session"])
        self.processes.append(processes)
        self.tabs[name] = [engine.open_tab() for _ in range(TABS)]
        for tab in self.tabs[name]:
            tab.goto(f"{self.wire.url}/monitor?botId={self._bot}#{self._session}")

    def customer_writes(self, text: str) -> None:
        self.server.until(lambda: self.server.status(self._bot) == "connected")
        self.server.customer_writes(self._bot, text)
        self._said.append(text)

    def behind(self, name: str) -> list[tuple[str, list[str]]]:
        """The tabs that don't show all, and what they show."""
        shown = [(tab.run(LIVE), tab.run(SHOWN)) for tab in self.tabs[name]]
        return [one for one in shown if one != ("live", self._said)]


Check = Callable[[], None]


@pytest.fixture(scope="module")
def browsers(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    settings = {**SILENT, "PULSO_HEARTBEAT_SECONDS": "1", "PULSO_DRAIN_SECONDS": "1"}
    server = Server(tmp_path_factory.mktemp("engines"), settings)
    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        wire = stack.enter_context(wire_to(lambda: server.port))
        browsers = Browsers(server, wire)
        for name, launch in ENGINES.items():
            processes = Processes()
            try:
                engine = stack.enter_context(launch(browser, processes))
            except Missing as missing:
                browsers.missing[name] = str(missing)
            else:
                browsers.add(name, engine, processes)
        yield browsers


@pytest.fixture
def all_come_back(browsers: Browsers, subtests: pytest.Subtests) -> Check:
    """Every engine's tabs are live, show every message once, and share one stream."""

    def check() -> None:
        deadline = time.monotonic() + COMES_BACK_SECONDS
        for name in ENGINES:
            with subtests.test(engine=name):
                if name in browsers.missing:
                    pytest.skip(browsers.missing[name])
                while (behind := browsers.behind(name)) and time.monotonic() < deadline:
                    time.sleep(0.1)
                assert behind == []
        browsers.server.until(lambda: len(browsers.server.streams()) == len(browsers.tabs))

    return check


def test_three_tabs_share_a_stream(browsers: Browsers, all_come_back: Check) -> None:
    browsers.customer_writes("para todas")
    all_come_back()


def test_a_server_killed_and_gone_for_ten_seconds(browsers: Browsers, all_come_back: Check) -> None:
    browsers.server.kill()
    time.sleep(10)
    browsers.server.start()
    browsers.customer_writes("tras la caída")
    all_come_back()


def test_a_deploy(browsers: Browsers, all_come_back: Check) -> None:
    browsers.customer_writes("antes del despliegue")
    browsers.server.stop()
    browsers.server.start()
    browsers.customer_writes("tras el despliegue")
    all_come_back()


def test_a_proxys_502_in_between(browsers: Browsers, all_come_back: Check) -> None:
    with browsers.wire.bad_gateway():
        browsers.customer_writes("mientras el proxy no llega")
        time.sleep(3)
    browsers.customer_writes("y cuando llega")
    all_come_back()


def test_a_laptop_that_sleeps(browsers: Browsers, all_come_back: Check) -> None:
    with browsers.wire.swallowed():
        with ExitStack() as asleep:
            for processes in browsers.processes:
                asleep.enter_context(processes.stopped())
            browsers.customer_writes("mientras duerme")
            time.sleep(3)
        # The network it wakes up in has forgotten its streams, and says nothing.
        browsers.customer_writes("ya despierta")
        for name in browsers.tabs:
            deadline = time.monotonic() + COMES_BACK_SECONDS
            while browsers.behind(name) and time.monotonic() < deadline:
                time.sleep(0.1)
    all_come_back()


def test_a_leading_tab_that_closes(browsers: Browsers, all_come_back: Check) -> None:
    for tabs in browsers.tabs.values():
        tabs.pop(0).close()
        browsers.customer_writes("después de cerrar")
    all_come_back()
