"""What was acknowledged is stored, once, however the server ends."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningPulso, running
from tests.scale import scaled

BOTS = 4


@pytest.fixture
def pulso(tmp_path: Path) -> Iterator[RunningPulso]:
    with running(tmp_path / "data", PULSO_AI="off") as server:
        yield server


def linked(pulso: RunningPulso) -> list[str]:
    """Bots that are online."""
    token = pulso.token(admin=True)
    ids: list[str] = []
    for n in range(BOTS):
        bot = str(pulso.request("POST", "/api/bots", {"name": f"B{n}"}, token=token).json["id"])
        stream = pulso.stream(bot, token=token)
        pulso.request("POST", f"/api/bots/{bot}/connect", token=token)
        stream.until("bot:qr")
        pulso.request("POST", f"/api/simulator/bots/{bot}/scan", {"name": "Ana"}, token=token)
        stream.until("bot:connected")
        stream.close()
        ids.append(bot)
    return ids


class Customers:
    """Threads that write without pause; ``acknowledged`` are the ids that got a 202."""

    def __init__(self, pulso: RunningPulso, bots: list[str], threads: int = 8) -> None:
        self.acknowledged: list[str] = []
        self._pulso = pulso
        self._bots = bots
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(20)

    def _write(self, number: int) -> None:
        token = self._pulso.token(admin=True)
        count = 0
        while not self._stopping.is_set():
            count += 1
            message_id = f"M-{number}-{threading.get_ident()}-{count}"
            body = {"from": f"54911{number}", "name": "Luz", "text": "hola", "id": message_id}
            path = f"/api/simulator/bots/{self._bots[count % BOTS]}/message"
            try:
                if self._pulso.request("POST", path, body, token=token).status == 202:
                    self.acknowledged.append(message_id)
            except OSError:
                time.sleep(0.02)


def stored(pulso: RunningPulso, bots: list[str]) -> Counter[str]:
    """Every message in the store, by its id."""
    token = pulso.token(admin=True)
    query = "&".join(f"botId={bot}" for bot in bots)
    page = pulso.request("GET", f"/api/sessions?{query}&limit=200", token=token).json
    found: Counter[str] = Counter()
    for session in page["sessions"]:
        before = ""
        while before is not None:
            path = f"/api/sessions/{session['id']}/messages?limit=200{before}"
            messages = pulso.request("GET", path, token=token).json
            found.update(message["id"] for message in messages["messages"])
            before = f"&before={messages['before']}" if messages["before"] else None
    return found


def test_a_clean_stop_under_load_loses_nothing_that_was_acknowledged(pulso: RunningPulso) -> None:
    bots = linked(pulso)
    customers = Customers(pulso, bots)
    time.sleep(1)
    began = time.monotonic()
    assert pulso.stop() == 0
    assert time.monotonic() - began < 10
    customers.stop()
    pulso.start()
    found = stored(pulso, bots)
    assert len(customers.acknowledged) > 50
    assert set(customers.acknowledged) <= set(found)
    assert max(found.values()) == 1


def test_kills_under_load_lose_nothing_that_was_acknowledged(pulso: RunningPulso) -> None:
    bots = linked(pulso)
    customers = Customers(pulso, bots)
    for _ in range(scaled(30)):
        time.sleep(random.uniform(0.1, 0.6))
        pulso.send_signal(signal.SIGKILL)
        pulso.wait()
        pulso.start()
    time.sleep(0.3)
    customers.stop()
    found = stored(pulso, bots)
    assert len(customers.acknowledged) > 20
    assert set(customers.acknowledged) <= set(found)
    assert max(found.values()) == 1


def test_readers_in_parallel_beside_a_stream_of_messages_are_all_answered(
    pulso: RunningPulso,
) -> None:
    """Before: 11 of 40 got a 503, the slowest answer took 30 s, and the messages stood still."""
    bots = linked(pulso)
    token = pulso.token(admin=True)
    customers = Customers(pulso, bots, threads=2)
    statuses: Counter[int] = Counter()
    limit = time.monotonic() + 3

    def read() -> None:
        while time.monotonic() < limit:
            answer = pulso.request("GET", f"/api/sessions?botId={bots[0]}", token=token)
            statuses[answer.status] += 1

    readers = [threading.Thread(target=read) for _ in range(40)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    customers.stop()
    assert set(statuses) == {200}
    assert set(customers.acknowledged) <= set(stored(pulso, bots))
