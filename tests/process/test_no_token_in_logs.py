"""However a token comes in and whatever goes wrong with it: no log line has it."""

import socket
import sqlite3
from collections.abc import Iterator

import pytest

from tests.running import RunningPulso, message, running

PATHS = ["/events/stream", "/events", "/api/bots", "/api/nope", "/nope", "/api/sessions/x/messages"]
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"]


@pytest.fixture
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    with running(tmp_path_factory.mktemp("logs") / "data") as pulso:
        yield pulso


def assert_unlogged(pulso: RunningPulso, *tokens: str) -> None:
    log = pulso.log
    assert "POST /api/auth/login" in log
    for token in tokens:
        for part in (token, *token.split(".")):
            assert part not in log, next(line for line in log.splitlines() if part in line)


def test_no_log_line_has_a_token(quiet: RunningPulso) -> None:
    good, admin = quiet.token("someone"), quiet.admin()
    narrow, bad = quiet.token("someone-else", bots=["mine"]), quiet.token("x" * 40)[:-7] + "garbage"
    cookie = f"pulso_session={good}"
    for path in PATHS:
        for method in METHODS:
            for token in (good, narrow, bad):
                for query in (
                    f"token={token}&botId=",
                    f"botId=%ff&token={token}",
                    f"token={token}&token={token}",
                    f"%74oken={token}",
                    f"Token={token}",
                ):
                    quiet.request(method, f"{path}?{query}")
            quiet.request(method, path, token=bad)
            quiet.request(method, path, headers={"Cookie": cookie})
    quiet.request("GET", f"/events/stream%3Ftoken={good}")
    quiet.request("GET", f"/api/streams/{good}", token=admin)
    quiet.request("GET", f"/{good}", headers={"Referer": f"http://x/?token={good}"})
    quiet.request("POST", "/events", message("b", "x"), token=good)
    quiet.request("POST", "/events/renew", {"streamId": good}, token=good)
    quiet.request("POST", "/api/auth/login", {"username": good, "password": bad})
    quiet.stream("mine", token=narrow).next()
    for raw in (
        f"GET /events/stream?token={good} HTTP/9\r\n\r\n",
        f"GET /events/stream?token={good}\r\n\r\n",
        f"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {good}\r\nBad header {good}\r\n\r\n",
        f"GET /x?token={good} HTTP/1.1\r\nHost: a\r\nContent-Length: {good}\r\n\r\n",
        f"GET /x HTTP/1.1\r\nHost: {good}:x\r\n\r\n",
        f"GET /events/stream?botId=b&token={good} HTTP/1.1\r\nHost: a\r\nOrigin: {good}\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", quiet.port), timeout=5) as sock:
            sock.sendall(raw.encode())
            sock.shutdown(socket.SHUT_WR)
            sock.recv(65536)
    assert quiet.stop() == 0
    assert_unlogged(quiet, good, narrow, bad, admin)


def test_no_traceback_has_a_token(quiet: RunningPulso) -> None:
    admin = quiet.admin()
    quiet.stream("b", token=admin).next()
    with sqlite3.connect(quiet.data_dir / "pulso.db") as connection:
        for table in ("messages", "sessions"):
            connection.execute(f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
    connection.close()
    cookie = f"pulso_session={admin}"
    answers = [
        quiet.request("GET", f"/api/sessions/x/messages?token={admin}"),
        quiet.request("GET", "/api/sessions/x", token=admin),
        quiet.request("GET", "/api/sessions/x", headers={"Cookie": cookie}),
    ]
    assert {answer.status for answer in answers} <= {500, 503}
    for answer in answers:
        assert set(answer.json) == {"error"}
        assert b"sqlite" not in answer.body.lower()
    quiet.kill()
    assert_unlogged(quiet, admin)
