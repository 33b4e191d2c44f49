"""Streams over real processes on one Redis: published on one, read on another, Redis in trouble."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import MISSING, PROGRAMS
from tests.process.several import Several, several
from tests.process.test_starting import failed_start
from tests.redis_server import PROGRAM
from tests.running import RunningPulso, eventually, message
from tests.stream_client import StreamClient

pytestmark = pytest.mark.skipif(
    not (PROGRAMS and PROGRAM), reason=f"{MISSING}, or redis-server isn't"
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    with several(
        tmp_path_factory.mktemp("streams"), PULSO_AI="off", PULSO_HEARTBEAT_SECONDS="0.3"
    ) as made:
        made.start()
        made.start()
        yield made
        for process in made.processes:
            assert "Traceback" not in process.log, process.log


def opened(process: RunningPulso, *bots: str, after: str | None = None) -> StreamClient:
    """A stream that has begun."""
    stream = process.stream(*bots, after=after)
    stream.take(len(bots))
    return stream


def post(process: RunningPulso, *events: dict[str, Any], **headers: str) -> Any:
    token = process.token("publisher", publish=True)
    return process.request("POST", "/events", list(events), token=token, headers=headers)


def is_ready(process: RunningPulso) -> bool:
    return process.request("GET", "/readyz").status == 200


def test_without_redis_there_is_no_start(both: Several, tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", **both.settings)
    said = failed_start(pulso, PULSO_BUS_URL="redis://:hunter2@127.0.0.1:1")
    assert said.startswith("PULSO_BUS_URL: Redis can't be reached: ") and "hunter2" not in said
    said = failed_start(pulso, PULSO_BUS_URL=both.redis.url.replace("//", "//:wrong@"))
    assert said.startswith("PULSO_BUS_URL: Redis can't be reached: ") and "wrong" not in said


def test_published_on_either_read_on_both_and_resumed_across(both: Several) -> None:
    one, two = both.processes
    bots = ("a1", "a2")
    streams = [opened(process, *bots) for process in both.processes]
    ids = []
    for number in range(10):
        ids += one.publish(message("a1", f"{number}"), message("else", "x"), message("a2", "y"))
        ids += two.publish(message("a2", f"{number}"))
    ids = [id_ for place, id_ in enumerate(ids) if place % 4 != 1]
    for stream in streams:
        assert [event.id for event in stream.take(len(ids))] == ids
    for process in both.processes:
        assert [event.id for event in opened(process, *bots, after=ids[3]).take(26)] == ids[4:]
        # Right after an answer its event is the newest everywhere.
        (newest,) = one.publish(message("a1", "newest"))
        assert process.stream("a1").next().id >= newest
    first = post(one, message("a1", "once"), **{"Idempotency-Key": "k"})
    again = post(two, message("a1", "once"), **{"Idempotency-Key": "k"})
    assert (again.status, again.json) == (202, first.json)
    assert post(two, message("a1", "twice"), **{"Idempotency-Key": "k"}).status == 409


def test_publishers_and_readers_on_all_processes_at_once(both: Several) -> None:
    bots = [f"m{number}" for number in range(4)]
    streams = [opened(process, *bots) for process in both.processes * 3]

    def publish(number: int) -> list[str]:
        process = both.processes[number % 2]
        return [
            id_
            for turn in range(10)
            for id_ in process.publish(*(message(bot, f"{number} {turn}") for bot in bots))
        ]

    with ThreadPoolExecutor(6) as pool:
        ids = sorted(id_ for found in pool.map(publish, range(6)) for id_ in found)
    for stream in streams:
        assert [event.id for event in stream.take(len(ids))] == ids


def test_a_frozen_redis_is_reported_and_costs_no_stream(both: Several) -> None:
    one, two = both.processes
    stream = opened(two, "f")
    ids = one.publish(message("f", "before"))
    both.redis.freeze()
    try:
        began = time.monotonic()
        assert post(one, message("f", "lost?")).status == 503
        assert time.monotonic() - began < 4
        assert [event.id for event in stream.take(1)] == ids
        eventually(lambda: not is_ready(one) and not is_ready(two))
        assert one.request("GET", "/readyz").json["bus"] is False
        # The heart beats, with the cursor the stream has reached.
        assert stream.next(pings=True).id >= ids[0]
        refused = two.stream("unheard").next()
        assert refused.json == {"type": "closing", "reason": "overloaded"}
    finally:
        both.redis.thaw()
    eventually(lambda: is_ready(one) and is_ready(two))
    (after,) = one.publish(message("f", "after"))
    held = stream.until("message:received")
    while held[-1].id != after:
        held += stream.until("message:received")
    assert {event.json["type"] for event in held} == {"message:received"}


def test_what_was_trimmed_while_a_process_stood_still_is_a_gap(both: Several) -> None:
    one, two = both.processes
    stream = opened(two, "loud", "quiet")
    (seen,) = one.publish(message("loud", "seen"))
    assert stream.next().id == seen
    two.send_signal(signal.SIGSTOP)
    try:
        both.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
        eventually(lambda: is_ready(one))
        (kept,) = one.publish(message("quiet", "kept"))
        for _ in range(2):
            one.publish(*(message("loud", f"{number}") for number in range(600)))
    finally:
        two.send_signal(signal.SIGCONT)
    gap, replayed = stream.take(2)
    assert gap.json == {"type": "gap", "botId": "loud", "reason": "evicted", "after": seen}
    assert (gap.id, replayed.id) == (seen, kept)
    (live,) = one.publish(message("loud", "live"))
    assert stream.next().id == live


def test_a_redis_that_lost_everything_is_a_gap_and_ids_go_on(both: Several) -> None:
    one, two = both.processes
    newest = ""
    for lose in (lambda: both.redis.cli("FLUSHALL"), lambda: restart(both)):
        stream = opened(two, "x", "y")
        (before,) = one.publish(message("x", "before"))
        assert stream.next().id == before > newest
        lose()
        gaps = stream.take(2, timeout=20)
        assert sorted(gap.json["botId"] for gap in gaps) == ["x", "y"]
        assert {gap.json["reason"] for gap in gaps} == {"restarted"}
        eventually(lambda: is_ready(one) and is_ready(two))
        after, newest = one.publish(message("x", "after"), message("y", "after"))
        assert [event.id for event in stream.take(2)] == [after, newest]
        assert after > before
        for process in both.processes:
            connected, gap = process.stream("x", after=before).take(2)
            assert (connected.json["resumed"], gap.json["reason"]) == (False, "restarted")
            assert opened(process, "y", after=after).next().id == newest


def restart(both: Several) -> None:
    both.redis.cli("SHUTDOWN", "NOSAVE")
    both.redis.start()


def test_a_process_ends_while_redis_is_frozen(both: Several) -> None:
    third = both.start()
    stream = opened(third, "z")
    both.redis.freeze()
    try:
        third.terminate()
        assert stream.next().json == {"type": "closing", "reason": "shutdown"}
        assert third.wait(30) == 0
    finally:
        both.redis.thaw()
        third.close_clients()
        both.processes.remove(third)
    eventually(lambda: all(map(is_ready, both.processes)))
