"""A client that reads too slowly costs itself its stream, and nobody else anything."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proc import resident_bytes
from tests.raw_streams import RawStream, crowd, stalled
from tests.running import RunningPulso, eventually, message, running
from tests.scale import scaled

KIB = "x" * 1024


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[RunningPulso]:
    """A server that remembers much and waits long for a slow client."""
    with running(
        tmp_path / "data", PULSO_HISTORY_EVENTS="20000", PULSO_WRITE_TIMEOUT_SECONDS="60"
    ) as server:
        yield server


def queued(pulso: RunningPulso) -> int:
    return sum(stream["queuedEvents"] for stream in pulso.streams())


def fill_until_it_waits(pulso: RunningPulso, bot: str) -> list[str]:
    """Publish until a stalled stream's socket takes no more; the ids."""
    ids: list[str] = []
    while not queued(pulso):
        ids += pulso.publish(*(message(bot, KIB) for _ in range(50)))
    return ids


def typing(bot: str, session: str, state: str) -> dict[str, Any]:
    return {
        "type": "chat:typing",
        "botId": bot,
        "sessionId": session,
        "who": "customer",
        "state": state,
    }


def ids_of(*streams: RawStream) -> list[str]:
    """Ids of the messages these got, in the order they came."""
    return [event.id for stream in streams for event in stream.of_type("message:received")]


@pytest.mark.alone
def test_stalled_streams_delay_nobody_and_memory_stays_flat(tmp_path: Path) -> None:
    streams, events = scaled(200), scaled(100_000)
    with (
        running(
            tmp_path / "data",
            PULSO_WRITE_TIMEOUT_SECONDS="3",
            PULSO_MAX_STREAMS_PER_USER="1000",
        ) as pulso,
        crowd(pulso, streams, "b1") as healthy,
    ):
        hanging = [stalled(pulso, "b1") for _ in range(streams)]
        eventually(lambda: pulso.metric("pulso_streams_open") == 2 * streams)
        slowest, sent, settled = 0.0, 0, 0
        while sent < events:
            began = time.monotonic()
            pulso.publish(*(message("b1", f"{n} {'x' * 200}") for n in range(sent, sent + 100)))
            sent += 100
            eventually(lambda sent=sent: min(healthy.counts) == sent, every=0.002)
            slowest = max(slowest, time.monotonic() - began)
            if not settled and sent >= 2000:  # history and backlogs are full
                settled = resident_bytes(pulso.pid)
        grown = resident_bytes(pulso.pid) - settled
        assert set(healthy.counts) == {events}
        assert healthy.ended == 0
        # Reading, on a machine that does other work too, is a part of that.
        assert slowest < 2
        assert grown < 16 * 1024 * 1024
        eventually(lambda: pulso.metric("pulso_streams_open") == streams)
        assert pulso.metric("pulso_subscriptions") == streams
        for stream in hanging:
            stream.close()


def test_a_slow_stream_is_closed_as_slow_and_resume_gives_the_rest(
    patient: RunningPulso,
) -> None:
    stream = stalled(patient, "b1")
    ids = fill_until_it_waits(patient, "b1")
    for _ in range(20):
        ids += patient.publish(*(message("b1", KIB) for _ in range(50)))
    stream.read_until_end()
    closing = stream.events[-1]
    assert closing.json == {"type": "closing", "reason": "slow"}
    assert closing.id == stream.events[-2].id
    assert 1000 <= (stream.parser.retry or 0) <= 5000
    assert stream.body.complete

    rest = patient.stream("b1", after=stream.parser.last_id)
    assert rest.next().json["resumed"] is True
    got = ids_of(stream)
    assert got + [event.id for event in rest.take(len(ids) - len(got))] == ids


def test_a_stream_that_takes_nothing_is_dropped_and_resume_gives_the_rest(tmp_path: Path) -> None:
    with running(
        tmp_path / "data", PULSO_HISTORY_EVENTS="20000", PULSO_WRITE_TIMEOUT_SECONDS="1"
    ) as pulso:
        stream = stalled(pulso, "b1")
        ids = fill_until_it_waits(pulso, "b1")
        eventually(lambda: pulso.metric("pulso_streams_open") == 0, timeout=3)
        assert pulso.metric('pulso_streams_closed_total{reason="timeout"}') == 1
        stream.read_until_end()
        assert not stream.of_type("closing")
        rest = pulso.stream("b1", after=stream.parser.last_id)
        assert rest.next().json["resumed"] is True
        got = ids_of(stream)
        assert got + [event.id for event in rest.take(len(ids) - len(got))] == ids


def test_a_client_that_trickles_is_dropped_too(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_WRITE_TIMEOUT_SECONDS="1") as pulso:
        stream = stalled(pulso, "b1")
        fill_until_it_waits(pulso, "b1")
        limit = time.monotonic() + 5
        while pulso.metric("pulso_streams_open"):
            assert time.monotonic() < limit
            stream.read(limit=100)
            time.sleep(0.05)  # 2 KB a second: it reads, but not what it was handed


def test_a_crowd_that_resumes_at_once_and_reads_slowly_costs_a_block_each(tmp_path: Path) -> None:
    with running(
        tmp_path / "data", PULSO_MAX_STREAMS_PER_USER="1000", PULSO_WRITE_TIMEOUT_SECONDS="60"
    ) as pulso:
        first = pulso.publish(message("b1", "x"))[0]
        pulso.publish(*(message("b1", f"{n} {KIB}") for n in range(700)))
        before = resident_bytes(pulso.pid)
        streams = [stalled(pulso, "b1", after=first) for _ in range(200)]
        eventually(lambda: pulso.metric("pulso_streams_open") == 200)
        # 200 whole replays would be 220 MB.
        assert resident_bytes(pulso.pid) - before < 60 * 1024 * 1024
        for stream in streams[::40]:
            while len(stream.of_type("message:received")) < 700:
                stream.read()


@pytest.mark.alone
def test_a_client_that_read_while_the_server_stood_still_is_kept(tmp_path: Path) -> None:
    with running(
        tmp_path / "data",
        PULSO_HEARTBEAT_SECONDS="0.5",
        PULSO_WRITE_TIMEOUT_SECONDS="1.5",
    ) as pulso:
        stream = stalled(pulso, "b1")
        quiet = stalled(pulso, "b2")
        quiet.read_until("connected")
        ids = fill_until_it_waits(pulso, "b1")
        pulso.send_signal(signal.SIGSTOP)
        limit = time.monotonic() + 3
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < limit:
                stream.read(timeout=limit - time.monotonic())
        pulso.send_signal(signal.SIGCONT)
        while ids_of(stream) != ids:
            stream.read()
            assert not stream.ended
        assert len(pulso.streams()) == 2
        # Heartbeats are not made up for: of two in a row the second is not at once.
        began = time.monotonic()
        pings = [event for event in quiet.events if event.type == "ping"]
        while len(pings) < 6:
            pings += [event for event in quiet.read() if event.type == "ping"]
        assert time.monotonic() - began > 0.5


def test_a_client_that_pauses_is_kept_and_loses_nothing(patient: RunningPulso) -> None:
    stream = stalled(patient, "b1")
    ids: list[str] = []
    for _ in range(3):
        ids += fill_until_it_waits(patient, "b1")
        while ids_of(stream) != ids:
            stream.read()
    assert len(patient.streams()) == 1


def test_a_slow_stream_gets_every_message_and_the_newest_typing_of_each_session(
    patient: RunningPulso,
) -> None:
    stream = stalled(patient, "b1")
    ids = fill_until_it_waits(patient, "b1")
    last: dict[str, str] = {}
    for turn in range(100):
        sessions = [f"s{n}" for n in range(10)]
        posted = patient.publish(
            *(typing("b1", session, f"turn {turn}") for session in sessions),
            message("b1", f"message {turn}"),
        )
        last.update(zip(sessions, posted, strict=False))
        ids.append(posted[-1])
    end = patient.publish(message("b1", "the end"))
    ids += end
    # The metrics count a slow stream while it lives.
    eventually(lambda: patient.metric("pulso_queued_events") == queued(patient) > 0)
    assert patient.metric("pulso_queued_events_high_water") >= queued(patient)
    assert patient.metric("pulso_events_conflated_total") > 0
    while stream.parser.last_id != end[0]:
        stream.read()
        assert not stream.ended
    assert ids_of(stream) == ids
    seen = stream.of_type("chat:typing")
    assert len(seen) < 600
    assert {event.json["sessionId"]: event.id for event in seen} == last
    order = [event.id for event in stream.events[1:]]
    assert order == sorted(set(order))
    assert patient.metric("pulso_events_conflated_total") == 1000 - len(seen)
    assert patient.metric("pulso_queued_events") == 0
    stream.close()


@pytest.mark.parametrize("size", [2, 900])
def test_one_post_of_1000_events_never_closes_an_idle_stream(
    patient: RunningPulso, size: int
) -> None:
    stream = stalled(patient, "b1", "b2")
    stream.read_until("connected")
    ids = patient.publish(*(message(f"b{n % 2 + 1}", "x" * (size // 2)) for n in range(1000)))
    eventually(patient.streams)
    while ids_of(stream) != ids:
        stream.read()
        assert not stream.ended
    assert len(patient.streams()) == 1
