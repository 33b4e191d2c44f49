"""Pulso as a user runs it: a process of its own, on a free port, with its own data dir."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import jwt

from tests.stream_client import StreamClient

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a-secret-of-the-tests-that-is-long-enough"
PASSWORD = "a password of the tests"
START_SECONDS = 20


class Closable(Protocol):
    def close(self) -> None: ...


ClosableT = TypeVar("ClosableT", bound=Closable)


class Answer:
    """An HTTP answer: status, headers, body; ``json`` for the decoded body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RunningPulso:
    """``settings`` are environment variables; ``start`` again after ``kill`` keeps the data."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.settings = {
            "PULSO_PORT": "0",
            "PULSO_DATA_DIR": str(data_dir),
            "PULSO_ADMIN_PASSWORD": PASSWORD,
            "PULSO_SIMULATOR_SPEED": "50",
            "JWT_SECRET": SECRET,
            **settings,
        }
        self.command = [sys.executable, str(ROOT / "main.py")]
        self.log_path = data_dir.with_name(data_dir.name + ".log")
        self.host = "127.0.0.1"
        self.port = 0
        self.output = ""
        self._process: subprocess.Popen[str] | None = None
        self._clients: list[Closable] = []

    def start(self) -> "RunningPulso":
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PULSO_", "JWT_"))}
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen(
                self.command,
                env={**inherited, **self.settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        match = re.fullmatch(r"Pulso is listening on http://(\S+):(\d+)\n", first)
        assert match, f"{first!r}\n{self.log}"
        self.output = first
        self.port = int(match[2])
        # The same address after a restart, as a deploy has it.
        self.settings["PULSO_PORT"] = match[2]
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def kill(self) -> None:
        """SIGKILL: a crash."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def terminate(self) -> None:
        """Send SIGTERM, without waiting."""
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float = 20) -> int:
        """The exit status."""
        assert self._process is not None
        self._process.wait(timeout)
        assert self._process.stdout is not None
        # With a time limit, communicate() reads past what readline() has already buffered.
        with self._process.stdout as stdout:
            self.output += stdout.read()
        return self._process.returncode

    def stop(self) -> int:
        """A clean shutdown; the exit status."""
        self.terminate()
        return self.wait()

    def keep(self, client: ClosableT) -> ClosableT:
        """Close this client with the server; it."""
        self._clients.append(client)
        return client

    def close_clients(self) -> None:
        """Close every stream that was opened through here."""
        for client in self._clients:
            client.close()
        self._clients.clear()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def token(self, sub: str = "tester", **claims: Any) -> str:
        """A token signed as another service would sign it."""
        return jwt.encode({"sub": sub, **claims}, SECRET, algorithm="HS256")

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request of its own connection. ``body``: JSON, or bytes as they are."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        payload = body
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, path, payload, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def admin(self) -> str:
        """A token of a sign-in as the first operator."""
        answer = self.request(
            "POST", "/api/auth/login", {"username": "admin", "password": PASSWORD}
        )
        assert answer.status == 200, answer.body
        return str(answer.json["token"])

    def publish(self, *events: dict[str, Any], **headers: str) -> list[str]:
        """POST /events; the ids."""
        answer = self.request(
            "POST",
            "/events",
            list(events),
            token=self.token("publisher", publish=True),
            headers=headers,
        )
        assert answer.status == 202, answer.body
        return list(answer.json["ids"])

    def stream(
        self, *bots: str, token: str | None = None, after: str | None = None, **headers: str
    ) -> StreamClient:
        """Open a stream; ``after`` goes as Last-Event-ID."""
        query = [("botId", bot) for bot in bots]
        query.append(("token", token if token is not None else self.token()))
        if after is not None:
            headers["Last-Event-ID"] = after
        return self.keep(StreamClient(self.port, query, headers))

    def streams(self) -> list[dict[str, Any]]:
        """GET /api/streams, everyone's."""
        answer = self.request("GET", "/api/streams", token=self.token("watcher", admin=True))
        return list(answer.json["streams"])

    def metric(self, name: str) -> float:
        """One sample of /metrics, by its full name and labels."""
        for line in self.request("GET", "/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        raise KeyError(name)


def message(bot: str, content: str, **fields: Any) -> dict[str, Any]:
    """A message:received of one session a bot, as another service would publish it."""
    return {
        "type": "message:received",
        "botId": bot,
        "sessionId": f"session-of-{bot}",
        "message": {"id": content[:64], "content": content, "fromMe": False, **fields},
    }


def eventually(what: Any, timeout: float = 10, every: float = 0.02) -> Any:
    """Call ``what`` until it is true; its value. AssertionError after ``timeout`` seconds."""
    limit = time.monotonic() + timeout
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < limit, f"still {value!r} after {timeout} s"
        time.sleep(every)


@contextlib.contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[RunningPulso]:
    """Pulso for the length of a block; killed at its end where it still runs."""
    pulso = RunningPulso(data_dir, **settings).start()
    try:
        yield pulso
    finally:
        pulso.close_clients()
        if pulso.running:
            pulso.kill()
