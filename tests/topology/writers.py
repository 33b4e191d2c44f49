"""An operator who answers a customer through nginx, whatever is being restarted behind it."""

import contextlib
import http.client
import json
import threading
import time
from typing import Any

from tests.running import RunningPulso, eventually
from tests.topology.topology import Topology

PAUSE_SECONDS = 0.1


def linked_bot(pulso: RunningPulso, token: str, name: str = "Ventas") -> str:
    """A bot of the simulated WhatsApp that is connected, wherever it is held; its id."""
    answer = pulso.request("POST", "/api/bots", {"name": name}, token=token)
    assert answer.status == 201, answer.body
    path = f"/api/bots/{answer.json['id']}"
    assert pulso.request("POST", f"{path}/connect", token=token).status == 202

    def status() -> Any:
        return pulso.request("GET", f"{path}/status", token=token).json["status"]

    eventually(lambda: status() == "qr", 20)
    scan = f"/api/simulator/bots/{answer.json['id']}/scan"
    assert pulso.request("POST", scan, {"name": "Ana"}, token=token).status == 202
    eventually(lambda: status() == "connected", 20)
    return str(answer.json["id"])


def first_session(pulso: RunningPulso, token: str, bot_id: str) -> str:
    """The session of a customer who writes to this bot; a person has it."""
    path = f"/api/simulator/bots/{bot_id}/message"
    body = {"from": "5215550001", "name": "Rosa", "text": "hola"}
    assert pulso.request("POST", path, body, token=token).status == 202

    def sessions() -> Any:
        return pulso.request("GET", f"/api/sessions?botId={bot_id}", token=token).json["sessions"]

    session_id = str(eventually(sessions)[0]["id"])
    changed = {"mode": "human"}
    assert pulso.request("PATCH", f"/api/sessions/{session_id}", changed, token=token).status == 200
    return session_id


class Operator:
    """Writes one answer after the other for the length of a block, each until it is taken.

    ``written``: what was answered with 202, in order; ``refused``: how often it was not.
    """

    def __init__(self, parts: Topology) -> None:
        self._parts = parts
        self.token = parts.pulsos[0].admin()
        self.bot_id = linked_bot(parts.pulsos[0], self.token)
        self.session_id = first_session(parts.pulsos[0], self.token, self.bot_id)
        self.written: list[str] = []
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Operator":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            content = f"respuesta {len(self.written)}"
            if self._write(content):
                self.written.append(content)
            time.sleep(PAUSE_SECONDS)

    def _write(self, content: str) -> bool:
        connection = http.client.HTTPConnection(*self._parts.front(), timeout=10)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = json.dumps({"content": content})
        with contextlib.closing(connection):
            try:
                path = f"/api/sessions/{self.session_id}/messages"
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                if answer.status == 202:
                    return True
                self.refused.append(f"{answer.status} {answer.read()!r}")
            except OSError as error:
                self.refused.append(repr(error))
        return False

    def stored(self) -> list[str]:
        """The operator's answers as the store has them, in order."""
        contents: list[str] = []
        before = ""
        while True:
            path = f"/api/sessions/{self.session_id}/messages?limit=100{before}"
            answer = self._parts.pulsos[0].request("GET", path, token=self.token)
            assert answer.status == 200, answer.body
            page = answer.json
            contents[:0] = [one["content"] for one in page["messages"] if one["fromMe"]]
            if page["before"] is None:
                return contents
            before = f"&before={page['before']}"
