"""A shutdown lets every stream go with a word, loses nothing it accepted, and is soon over."""

import contextlib
import http.client
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.raw_streams import RawStream, dial, stalled, stream_request
from tests.running import RunningPulso, eventually, message, running
from tests.stream_client import StreamClient


@pytest.fixture
def drained(tmp_path: Path) -> Iterator[RunningPulso]:
    with running(
        tmp_path / "data",
        PULSO_DRAIN_SECONDS="4",
        PULSO_WRITE_TIMEOUT_SECONDS="60",
        PULSO_MAX_STREAMS_PER_USER="1000",
        PULSO_HISTORY_EVENTS="20000",
    ) as server:
        yield server
        assert " ERROR " not in server.log, server.log
        assert "Traceback" not in server.log, server.log


def hold_up(pulso: RunningPulso) -> RawStream:
    """A stream of another bot whose client takes nothing any more."""
    stream = stalled(pulso, "heavy")
    while not any(listed["queuedEvents"] for listed in pulso.streams()):
        pulso.publish(*(message("heavy", "x" * 5000) for _ in range(50)))
    return stream


@pytest.mark.alone
def test_every_stream_is_told_and_comes_back_at_its_own_time(drained: RunningPulso) -> None:
    streams = [RawStream(dial(drained), stream_request(drained, f"b{n % 7}")) for n in range(200)]
    for stream in streams:
        stream.read_until("connected")
    last = drained.publish(message("b0", "the last"))[0]
    began = time.monotonic()
    drained.terminate()
    for stream in streams:
        stream.read_until_end()
        assert stream.body.complete, "no end of the chunked body"
        assert stream.events[-1].json == {"type": "closing", "reason": "shutdown"}
    assert all(stream.events[-1].id == last for stream in streams[::7])
    retries = [stream.parser.retry or 0 for stream in streams]
    assert 1000 <= min(retries) < 2000
    assert 4000 < max(retries) <= 5000
    for stream in streams:
        stream.close()
    assert drained.wait() == 0
    assert time.monotonic() - began < 4


def test_while_draining_it_refuses_softly_and_says_it_is_not_ready(drained: RunningPulso) -> None:
    hold_up(drained)
    assert drained.request("GET", "/readyz").status == 200
    drained.terminate()
    eventually(lambda: drained.request("GET", "/readyz").status == 503, timeout=2)
    assert drained.request("GET", "/healthz").status == 200
    posted = drained.request(
        "POST", "/events", message("b1", "late"), token=drained.token(publish=True)
    )
    assert posted.status == 503
    late = drained.stream("b1")
    assert late.status == 200
    body = late.response.read()
    match = re.fullmatch(rb'retry: (\d+)\ndata: {"type":"closing","reason":"shutdown"}\n\n', body)
    assert match, body
    assert 15_000 <= int(match[1]) <= 30_000
    # A proxy that has another process to turn to asks for a status.
    elsewhere = drained.stream("b1", **{"X-Pulso-Elsewhere": "1"})
    assert elsewhere.status == 503
    assert drained.wait() == 0


@pytest.mark.alone
def test_a_client_that_takes_nothing_does_not_hold_it_up(drained: RunningPulso) -> None:
    stuck = hold_up(drained)
    beside = drained.stream("b1")
    beside.next()
    began = time.monotonic()
    drained.terminate()
    assert [event.json["type"] for event in beside.rest()] == ["closing"]
    assert time.monotonic() - began < 2
    assert drained.wait() == 0
    assert time.monotonic() - began < 4.5
    stuck.close()


@pytest.mark.alone
def test_requests_that_never_end_do_not_hold_it_up(drained: RunningPulso) -> None:
    hold_up(drained)
    head = b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    for begun in (b"", head, head + b"\r\n{"):
        dial(drained).sendall(begun)
    assert drained.request("GET", "/healthz").status == 200
    began = time.monotonic()
    assert drained.stop() == 0
    assert time.monotonic() - began < 4.5


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with running(
        tmp_path / "data", PULSO_DRAIN_SECONDS="60", PULSO_WRITE_TIMEOUT_SECONDS="60"
    ) as pulso:
        hold_up(pulso)
        pulso.send_signal(number)
        eventually(lambda: pulso.request("GET", "/readyz").status == 503)
        began = time.monotonic()
        pulso.send_signal(number)
        assert pulso.wait() not in (0, None)
        assert time.monotonic() - began < 1


def keep_posting(post: Callable[[int], str | None], threads: int = 4) -> Callable[[], list[str]]:
    """Post from several threads until it is refused. The result waits, and gives what was accepted.

    ``post(n)`` gives the id of what was accepted, None where it was refused.
    """
    accepted: list[str] = []

    def work(worker: int) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for turn in range(100_000):
                made = post(turn * threads + worker)
                if made is None:
                    return
                accepted.append(made)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()

    def finish() -> list[str]:
        for worker in workers:
            worker.join()
        return accepted

    return finish


def test_every_event_that_was_accepted_reaches_its_readers(drained: RunningPulso) -> None:
    cut = drained.stream("b1")
    start = cut.next().id
    token = drained.token("publisher", publish=True)

    def post(number: int) -> str | None:
        answer = drained.request("POST", "/events", message("b1", str(number)), token=token)
        return answer.json["id"] if answer.status == 202 else None

    finish = keep_posting(post)
    seen = [event.id for event in cut.take(50)]
    drained.terminate()
    rest = cut.rest()
    assert rest[-1].json["reason"] == "shutdown"
    seen += [event.id for event in rest[:-1]]
    assert drained.wait() == 0
    accepted = sorted(finish())
    assert len(set(accepted)) == len(accepted)

    drained.start()
    resumed = drained.stream("b1", after=cut.parser.last_id)
    assert resumed.next().json["resumed"] is True
    missed = resumed.take(len(accepted) - len(seen)) if len(accepted) > len(seen) else []
    assert seen + [event.id for event in missed] == accepted
    whole = drained.stream("b1", after=start)
    assert [event.id for event in whole.take(len(accepted) + 1)[1:]] == accepted


def open_session(pulso: RunningPulso, admin: str) -> tuple[str, str, StreamClient]:
    """A paired bot that has had one message: bot id, session id, and its stream."""

    def call(method: str, path: str, body: Any = None) -> Any:
        answer = pulso.request(method, path, body, token=admin)
        assert answer.status in (200, 201, 202), answer.body
        return answer.json

    bot = call("POST", "/api/bots", {"name": "Shop"})["id"]
    stream = pulso.stream(bot, token=admin)
    call("POST", f"/api/bots/{bot}/connect", {})
    stream.until("bot:qr")
    call("POST", f"/api/simulator/bots/{bot}/scan", {"name": "Shop"})
    stream.until("bot:connected")
    call(
        "POST", f"/api/simulator/bots/{bot}/message", {"from": "34600", "name": "Eva", "text": "?"}
    )
    session = stream.until("message:received")[-1].json["sessionId"]
    call("PATCH", f"/api/sessions/{session}", {"mode": "human"})
    return bot, session, stream


def test_every_answer_that_was_accepted_is_stored(drained: RunningPulso) -> None:
    admin = drained.admin()
    _, session, stream = open_session(drained, admin)
    path = f"/api/sessions/{session}/messages"

    def post(number: int) -> str | None:
        answer = drained.request("POST", path, {"content": f"answer {number}"}, token=admin)
        return answer.json["id"] if answer.status == 202 else None

    finish = keep_posting(post)
    for _ in range(10):
        stream.until("message:sent")
    drained.terminate()
    assert drained.wait() == 0
    accepted = finish()
    assert accepted

    drained.start()
    admin = drained.admin()
    stored: list[dict[str, Any]] = []
    before = ""
    while True:
        page = drained.request("GET", f"{path}?limit=200{before}", token=admin).json
        stored = page["messages"] + stored
        if page["before"] is None:
            break
        before = f"&before={page['before']}"
    ours = {found["id"]: found for found in stored if found["fromMe"]}
    assert set(accepted) <= ours.keys()
    # Not half: it waits to be sent, was sent, or says that it failed.
    assert all(found["ack"] or found["failed"] for found in ours.values())
