"""Chromium, Firefox and WebKit as their users have them, behind one small interface.

Firefox is driven over Marionette, which it speaks itself, and WebKit over Debian's WebKitWebDriver:
both take WebDriver's commands, so neither needs a package of ours. Playwright's own builds of the
two are not the browsers that people run.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, Page

START_SECONDS = 30.0
MARK = "PULSO_TEST_BROWSER"


class Missing(Exception):
    """The browser, or what drives it, is not on this machine."""


class Tab(Protocol):
    def goto(self, url: str) -> None: ...

    def run(self, script: str) -> Any:
        """What the body of a function returns in the page."""

    def close(self) -> None: ...


class Engine(Protocol):
    def sign_in(self, url: str, session: str) -> None: ...

    def open_tab(self) -> Tab: ...


class Processes:
    """All processes of one browser, known by a mark in their environment."""

    def __init__(self) -> None:
        self._mark = f"{MARK}={uuid.uuid4()}"

    @property
    def environ(self) -> dict[str, str]:
        name, _, value = self._mark.partition("=")
        return {**os.environ, name: value}

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """As on a laptop whose lid is closed."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and self._mark.encode() in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), number)


class ChromiumTab:
    def __init__(self, page: Page) -> None:
        self._page = page

    def goto(self, url: str) -> None:
        self._page.goto(url)

    def run(self, script: str) -> Any:
        return self._page.evaluate(f"() => {{ {script} }}")

    def close(self) -> None:
        self._page.close()


class Chromium:
    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context()

    def sign_in(self, url: str, session: str) -> None:
        self._context.add_cookies([{"name": "pulso_session", "value": session, "url": url}])

    def open_tab(self) -> Tab:
        return ChromiumTab(self._context.new_page())


class WebDriver(Protocol):
    def command(self, method: str, path: str, name: str, **parameters: Any) -> Any:
        """WebDriver's command, by its HTTP method and path and by Marionette's name."""


class DrivenTab:
    def __init__(self, driver: WebDriver, handle: str) -> None:
        self._driver = driver
        self._handle = handle

    def _switch(self) -> None:
        self._driver.command("POST", "/window", "SwitchToWindow", handle=self._handle)

    def goto(self, url: str) -> None:
        self._switch()
        self._driver.command("POST", "/url", "Navigate", url=url)

    def run(self, script: str) -> Any:
        self._switch()
        return self._driver.command(
            "POST", "/execute/sync", "ExecuteScript", script=script, args=[]
        )

    def close(self) -> None:
        self._switch()
        self._driver.command("DELETE", "/window", "CloseWindow")


class Driven:
    """A browser that takes WebDriver's commands."""

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver

    def sign_in(self, url: str, session: str) -> None:
        # A cookie can be set only where one is.
        self._driver.command("POST", "/url", "Navigate", url=f"{url}/static/icon.svg")
        cookie = {
            "name": "pulso_session",
            "value": session,
            "domain": urlsplit(url).hostname,
            "path": "/",
            "secure": False,
            "httpOnly": True,
        }
        self._driver.command("POST", "/cookie", "AddCookie", cookie=cookie)

    def open_tab(self) -> Tab:
        # A tab behind another is hidden; each in a window of its own is seen.
        window = self._driver.command("POST", "/window/new", "NewWindow", type="window")
        return DrivenTab(self._driver, window["handle"])


class Marionette:
    """Firefox's own protocol: ``length:[kind, number, name or error, parameters or result]``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._reader = self._socket.makefile("rb")
        self._number = 0
        self._receive()
        self.command("", "", "NewSession", capabilities={})

    def _receive(self) -> Any:
        length = b""
        while (digit := self._reader.read(1)) != b":":
            assert digit, "Firefox has hung up"
            length += digit
        return json.loads(self._reader.read(int(length)))

    def command(self, method: str, path: str, name: str, **parameters: Any) -> Any:
        self._number += 1
        line = json.dumps([0, self._number, f"WebDriver:{name}", parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(line), line))
        _, _, error, result = self._receive()
        assert not error, error
        # A bare value is wrapped here.
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def close(self) -> None:
        self._reader.close()
        self._socket.close()


class WebKitDriver:
    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_SECONDS)
        self._path = ""
        _until(self._answers)
        session = self.command("POST", "/session", "", capabilities={})
        self._path = f"/session/{session['sessionId']}"

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self._client.get("/status").is_success
        return False

    def command(self, method: str, path: str, name: str, **parameters: Any) -> Any:
        body = {"json": parameters} if method == "POST" else {}
        answer = self._client.request(method, f"{self._path}{path}", **body)
        assert answer.is_success, answer.text
        return answer.json()["value"]

    def close(self) -> None:
        with suppress(httpx.TransportError):
            self._client.delete(self._path)
        self._client.close()


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"there is no {name}: apt-get install {package}")
    return found


def _until(holds: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never started"
        time.sleep(0.05)


@contextmanager
def _running(*command: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def chromium(browser: Browser, processes: Processes) -> Iterator[Engine]:
    from tests.browser.conftest import ARGUMENTS, CHROMIUM

    own = browser.browser_type.launch(
        executable_path=CHROMIUM, args=list(ARGUMENTS), env=processes.environ
    )
    try:
        yield Chromium(own)
    finally:
        own.close()


@contextmanager
def firefox(browser: Browser, processes: Processes) -> Iterator[Engine]:
    program = _program("firefox-esr", "firefox-esr")
    with tempfile.TemporaryDirectory(prefix="firefox", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        (profile / "user.js").write_text('user_pref("marionette.port", 0);\n')
        command = (program, "--headless", "--marionette", "--no-remote", "--profile", folder)
        with _running(*command, env={**processes.environ, "HOME": folder}):
            chosen = profile / "MarionetteActivePort"
            _until(lambda: chosen.exists() and chosen.read_text())
            driver = Marionette(int(chosen.read_text()))
            try:
                yield Driven(driver)
            finally:
                driver.close()


@contextmanager
def webkit(browser: Browser, processes: Processes) -> Iterator[Engine]:
    screen = _program("Xvfb", "xvfb")
    program = _program("WebKitWebDriver", "webkit2gtk-driver")
    with ExitStack() as stack:
        reader, writer = os.pipe()
        with os.fdopen(reader) as display:
            stack.enter_context(
                _running(screen, "-displayfd", str(writer), "-nolisten", "tcp", pass_fds=[writer])
            )
            os.close(writer)
            number = display.readline().strip()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environ = {**processes.environ, "DISPLAY": f":{number}"}
        stack.enter_context(_running(program, f"--port={port}", env=environ))
        driver = WebKitDriver(port)
        stack.callback(driver.close)
        yield Driven(driver)


ENGINES = {"chromium": chromium, "firefox": firefox, "webkit": webkit}
