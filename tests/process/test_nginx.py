"""Pulso behind a real nginx with the configuration we ship; only addresses and files differ."""

import http.client
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.nginx_server import NginxServer
from tests.proc import resident_bytes
from tests.raw_streams import RawStream, stream_request
from tests.running import RunningPulso, eventually, message, running

CHROMIUM = shutil.which("chromium")

# A tenth of the time to come back, as a test has no patience.
SOONER = (r"(% |\* +)(\d\d)00;", r"\1 \g<2>0;")


class Nginx(NginxServer):
    """Stands before a running Pulso."""

    def __init__(self, pulso: RunningPulso, folder: Path) -> None:
        self.pulso = pulso
        super().__init__(folder, [pulso.port], [SOONER])

    def dial(self, *, small: bool = False) -> socket.socket:
        sock = self.pulso.keep(socket.socket())
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", self.port))
        return sock

    def stream(self, bot: str) -> RawStream:
        return RawStream(self.dial(), stream_request(self.pulso, bot))

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = self.pulso.keep(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10))
        connection.request("GET", path, headers=headers)
        return connection.getresponse()

    def worker(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    with running(
        tmp_path / "data", PULSO_WRITE_TIMEOUT_SECONDS="1", PULSO_HEARTBEAT_SECONDS="1"
    ) as pulso:
        front = Nginx(pulso, tmp_path / "nginx")
        try:
            yield front
        finally:
            front.stop()


@pytest.mark.alone
def test_events_arrive_at_once_and_a_close_is_seen_at_once(nginx: Nginx) -> None:
    stream = nginx.stream("b1")
    stream.read_until("connected")
    for turn in range(20):
        began = time.monotonic()
        nginx.pulso.publish(message("b1", str(turn)))
        while len(stream.of_type("message:received")) <= turn:
            stream.read()
        assert time.monotonic() - began < 0.5
    stream.read_until("ping")
    stream.close()
    eventually(lambda: nginx.pulso.metric("pulso_streams_open") == 0, timeout=2)


def test_nginx_swallows_no_events_for_a_client_that_takes_none(nginx: Nginx) -> None:
    stalled = RawStream(nginx.dial(small=True), stream_request(nginx.pulso, "b1"))
    eventually(nginx.pulso.streams)
    before = resident_bytes(nginx.worker())
    for _ in range(20):  # 20 MB, of which the sockets on the way hold three at most
        nginx.pulso.publish(*(message("b1", "x" * 10_000) for _ in range(100)))
    eventually(lambda: nginx.pulso.metric("pulso_streams_open") == 0)
    assert resident_bytes(nginx.worker()) - before < 4_000_000
    assert not any((nginx.folder / "proxy").rglob("*"))
    stalled.close()


def test_what_a_client_says_of_its_own_address_is_not_believed(nginx: Nginx) -> None:
    forged = {"X-Real-IP": "198.51.100.7", "X-Forwarded-For": "198.51.100.7"}
    assert nginx.get("/api/auth/me", **forged).status == 401

    def line() -> str:
        return next((line for line in nginx.pulso.log.splitlines() if "/auth/me" in line), "")

    assert "(127.0.0.1)" in eventually(line)


def test_pulsos_own_refusals_pass_as_they_are(nginx: Nginx) -> None:
    assert nginx.get("/events/stream?botId=b1").status == 401
    assert nginx.get(f"/events/stream?token={nginx.pulso.token()}").status == 400
    assert nginx.get("/metrics").status == 200


def test_while_pulso_is_down_streams_hear_come_back_and_no_log_has_a_token(nginx: Nginx) -> None:
    token = nginx.pulso.token("secret-of-mine")
    path = f"/events/stream?botId=b1&token={token}"
    assert nginx.get(path).status == 200
    nginx.pulso.kill()
    down = nginx.get(path)
    assert down.status == 200
    assert down.headers["Content-Type"] == "text/event-stream"
    assert re.fullmatch(rb"retry: [3-7][05]0\n\n", down.read())
    assert nginx.get("/healthz").status == 502
    eventually(lambda: nginx.logs.count("/events/stream") >= 2)
    assert token not in nginx.logs
    assert token.rpartition(".")[2] not in nginx.logs
    assert token not in nginx.pulso.log


def test_a_crowd_that_meets_nobody_does_not_come_back_as_one(nginx: Nginx) -> None:
    nginx.pulso.kill()
    path = f"/events/stream?botId=b1&token={nginx.pulso.token()}"
    told = Counter(nginx.get(path).read() for _ in range(60))
    assert len(told) >= 7
    assert max(told.values()) <= 20


@pytest.mark.parametrize("how", ["clean", "crash"])
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_native_eventsource_lives_through_a_restart(nginx: Nginx, how: str) -> None:
    pulso = nginx.pulso
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{nginx.port}/healthz")
        page.evaluate(
            """url => {
                window.got = [];
                window.source = new EventSource(url);
                window.source.onmessage = (event) => window.got.push(JSON.parse(event.data));
            }""",
            f"/events/stream?botId=b1&token={pulso.token()}",
        )
        page.wait_for_function("window.got.length === 1")
        pulso.publish(message("b1", "before"))
        page.wait_for_function("window.got.length === 2")
        if how == "clean":
            assert pulso.stop() == 0
        else:
            pulso.kill()
        # Some of its tries meet nobody.
        tries = nginx.logs.count("/events/stream")
        eventually(lambda: nginx.logs.count("/events/stream") >= tries + 2)
        assert page.evaluate("window.source.readyState") != 2
        pulso.start()
        if how == "crash":
            page.wait_for_function("window.got.some((said) => said.type === 'gap')")
        pulso.publish(message("b1", "after"))
        page.wait_for_function("window.got.some((said) => said.message?.content === 'after')")
        said = [found["type"] for found in page.evaluate("window.got")]
        if how == "clean":
            assert said == [
                "connected",
                "message:received",
                "closing",
                "connected",
                "message:received",
            ]
            assert page.evaluate("window.got[3].resumed") is True
        else:
            assert said[2:] == ["connected", "gap", "message:received"]
        browser.close()
