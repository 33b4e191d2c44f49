"""A real Pulso as a child process, and the calls tests make to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a password for tests"
START_SECONDS = 30.0
# How long anything that has to happen may take on a busy machine.
PATIENCE_SECONDS = 15.0


class Server:
    """``start`` and ``kill`` as often as wanted: the data dir and the port stay."""

    def __init__(self, data_dir: Path, environ: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.environ = dict(environ or {})
        self.port = 0
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULSO_")}
        self._process = subprocess.Popen(
            [sys.executable, "main.py"],
            cwd=ROOT,
            env={
                **kept,
                "PULSO_PORT": str(self.port),
                "PULSO_DATA_DIR": str(self.data_dir),
                "PULSO_ADMIN_PASSWORD": PASSWORD,
                "PULSO_SIMULATOR_SPEED": "20",
                **self.environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("Pulso is listening on "), line
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(START_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    @property
    def api(self) -> httpx.Client:
        """A client that is signed in as the administrator."""
        if self._client is None:
            self._client = httpx.Client(base_url=self.url, timeout=START_SECONDS)
            self._client.post(
                "/api/auth/login", json={"username": "admin", "password": PASSWORD}
            ).raise_for_status()
        return self._client

    def get(self, path: str, **query: Any) -> Any:
        return self.api.get(path, params=query).raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def add_bot(self, name: str = "Tienda") -> str:
        bot_id: str = self.post("/api/bots", name=name)["id"]
        return bot_id

    def linked_bot(self, name: str = "Tienda") -> str:
        """A new bot that is connected; its id."""
        bot_id = self.add_bot(name)
        self.post(f"/api/bots/{bot_id}/connect")
        self.until(lambda: self.status(bot_id) == "qr")
        self.post(f"/api/simulator/bots/{bot_id}/scan", name="Ana")
        self.until(lambda: self.status(bot_id) == "connected")
        return bot_id

    def status(self, bot_id: str) -> str:
        status: str = self.get(f"/api/bots/{bot_id}/status")["status"]
        return status

    def customer_writes(
        self, bot_id: str, text: str, *, number: str = "5215550001", **more: Any
    ) -> str:
        body = {"from": number, "name": "María", "text": text, **more}
        message_id: str = self.post(f"/api/simulator/bots/{bot_id}/message", **body)["id"]
        return message_id

    def only_session(self, bot_id: str) -> dict[str, Any]:
        """The bot's session, once there is one."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = self.get("/api/sessions", botId=bot_id)["sessions"]
            return len(found) == 1

        self.until(is_there)
        return found[0]

    def quiet_session(self, bot_id: str, text: str = "hola") -> dict[str, Any]:
        """A session of one message, which a person answers: the bot stays silent."""
        self.customer_writes(bot_id, text)
        session = self.only_session(bot_id)
        changed = self.api.patch(f"/api/sessions/{session['id']}", json={"mode": "human"})
        return changed.raise_for_status().json()  # type: ignore[no-any-return]

    def streams(self) -> list[dict[str, Any]]:
        streams: list[dict[str, Any]] = self.get("/api/streams")["streams"]
        return streams

    @staticmethod
    def until(holds: Any, seconds: float = PATIENCE_SECONDS) -> None:
        """Ask again and again until it holds: what another process does has no event to await."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.02)
