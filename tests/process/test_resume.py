"""Cut a stream at any byte, come back with the last whole id: nothing lost, nothing twice."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import MISSING, PROGRAMS
from tests.process.several import several
from tests.redis_server import PROGRAM
from tests.running import RunningPulso, message, running
from tests.sse_reader import Dispatched, SSEParser
from tests.stream_client import StreamClient

TEXTS = (
    "hola",
    "línea\notra\r\nmás",
    "\u2028\u2029",
    "😀👩‍👩‍👧",
    "data: x\n\nid: 7",
    "\x00\x85",
    "",
)
CONTROL_EVENTS = ("connected", "closing", "gap")


@pytest.fixture(scope="module", params=["memory", "redis"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPulso]:
    """Alone, and as one of several that share a Redis: the promise is the same."""
    folder: Path = tmp_path_factory.mktemp("resume")
    settings = {"PULSO_HEARTBEAT_SECONDS": "0.2", "PULSO_MAX_STREAMS_PER_USER": "500"}
    with ExitStack() as opened:
        if request.param == "memory":
            pulso = opened.enter_context(running(folder / "data", **settings))
        elif PROGRAMS and PROGRAM:
            pulso = opened.enter_context(several(folder, **settings)).start()
        else:
            pytest.skip(f"{MISSING}, or redis-server isn't")
        yield pulso
        assert "Traceback" not in pulso.log, pulso.log


def published(events: list[Dispatched]) -> list[tuple[str, Any]]:
    """The published events among these: their ids and contents."""
    pairs = [(event.id, json.loads(event.data)) for event in events if event.type == "message"]
    return [(id_, data) for id_, data in pairs if data["type"] not in CONTROL_EVENTS]


def exchange(server: RunningPulso) -> tuple[bytes, list[str]]:
    """A stream's body from its first byte, pings among the events, and the ids it carried."""
    stream = server.stream("b1", "b2", "b3")
    ids = []
    for number, text in enumerate(TEXTS * 2):
        ids += server.publish(message(f"b{number % 3 + 1}", text, id=f"m{number}"))
        ids += server.publish(
            message("b2", text, id=f"n{number}"),
            message("other", "not ours"),
            {"type": "bot:qr", "botId": "b1", "qr": f"data:image/png,{text}"},
        )
        del ids[-2]
    body = b""
    parser = SSEParser()
    seen: list[Dispatched] = []
    while len(published(seen)) < len(ids) or seen[-1].type != "ping":
        chunk = stream.response.read1(65536)
        assert chunk
        body += chunk
        seen += parser.feed(chunk)
    stream.close()
    return body, ids


def test_a_cut_at_every_byte_loses_nothing_and_repeats_nothing(server: RunningPulso) -> None:
    body, ids = exchange(server)
    whole = published(SSEParser().feed(body))
    assert [id_ for id_, _ in whole] == ids
    assert b"\n: ping\n" in body
    resumed: dict[str, list[tuple[str, Any]]] = {}
    for offset in range(len(body) + 1):
        parser = SSEParser()
        held = parser.feed(body[:offset])
        last = held[-1].id if held else ""
        if not last:
            continue  # not even `connected` came: such a client starts anew
        if last not in resumed:
            stream = server.stream("b1", "b2", "b3", after=last)
            connected = stream.take(3)
            assert all(event.json["resumed"] for event in connected)
            assert {event.id for event in connected} == {last}
            resumed[last] = published(stream.take(len([i for i in ids if i > last])))
            stream.close()
        assert published(held) + resumed[last] == whole, offset
    assert len(resumed) == len(ids) + 1


def test_a_cut_between_connected_and_the_replay_loses_nothing(server: RunningPulso) -> None:
    first, *rest = server.publish(*(message("cut", str(n)) for n in range(5)))
    after = first
    for _ in range(3):
        stream = server.stream("cut", after=after)
        after = stream.next().id
        stream.reset()
    stream = server.stream("cut", after=after)
    assert [event.id for event in stream.take(5)[1:]] == rest


def test_a_quiet_bots_reader_resumes_from_its_last_ping(server: RunningPulso) -> None:
    stream = server.stream("quiet")
    stream.next()
    newest = server.publish(*(message("noisy", str(n)) for n in range(1000)))[-1]
    ping = stream.next(pings=True)
    while ping.id < newest:
        ping = stream.next(pings=True)
    server.publish(*(message("noisy", str(n)) for n in range(1000)))
    [heard] = server.publish(message("quiet", "at last"))
    assert server.stream("quiet", after=ping.id).take(2)[1].id == heard


def test_what_was_evicted_is_a_gap_and_the_other_bot_is_replayed(server: RunningPulso) -> None:
    [place] = server.publish(message("kept", "before"))
    [kept] = server.publish(message("kept", "missed"))
    for _ in range(2):
        server.publish(*(message("loud", str(n)) for n in range(600)))
    stream = server.stream("loud", "kept", after=place)
    loud, steady, gap, replayed = stream.take(4)
    assert (loud.json["resumed"], steady.json["resumed"]) == (False, True)
    assert gap.json == {"type": "gap", "botId": "loud", "reason": "evicted", "after": place}
    assert {loud.id, steady.id, gap.id} == {place}
    assert replayed.id == kept
    [live] = server.publish(message("loud", "now"))
    assert stream.next().id == live


@pytest.mark.parametrize(
    ("given", "reason", "readable"),
    [
        ("garbage", "unknown", False),
        ("9" * 300, "unknown", False),
        ("1763966400000-0", "unknown", False),
        ("%C3%A9%00", "unknown", False),
        ("0" * 16 + "-000000000001", "restarted", True),
    ],
)
def test_an_id_from_elsewhere_is_a_gap(
    server: RunningPulso, given: str, reason: str, readable: bool
) -> None:
    [newest] = server.publish(message("b1", "newest"))
    stream = server.stream("b1", after=given)
    connected, gap = stream.take(2)
    assert connected.json["resumed"] is False
    assert connected.id == gap.id == newest
    assert gap.json["reason"] == reason
    assert gap.json["after"] == (given if readable else None)


def test_an_id_ahead_of_the_newest_is_unknown_and_named(server: RunningPulso) -> None:
    [newest] = server.publish(message("b1", "newest"))
    epoch, _, seq = newest.partition("-")
    ahead = f"{epoch}-{int(seq) + 100:012d}"
    gap = server.stream("b1", after=ahead).take(2)[1]
    assert gap.json == {"type": "gap", "botId": "b1", "reason": "unknown", "after": ahead}


def test_the_header_beats_the_query_and_the_query_alone_counts(server: RunningPulso) -> None:
    ids = server.publish(*(message("q", str(n)) for n in range(3)))
    query = [("botId", "q"), ("token", server.token()), ("lastEventId", ids[0])]

    def first_event(**headers: str) -> str:
        return server.keep(StreamClient(server.port, query, headers)).take(2)[1].id

    assert first_event() == ids[1]
    assert first_event(**{"Last-Event-ID": ids[1]}) == ids[2]
    assert first_event(**{"Last-Event-ID": ""}) == ids[1]


def test_a_resume_while_events_are_being_published_has_each_once(server: RunningPulso) -> None:
    [after] = server.publish(message("busy", "start"))
    ids = []
    streams = []
    for number in range(40):
        ids += server.publish(message("busy", f"{number}"), message("busy2", f"{number}"))
        streams.append(server.stream("busy", "busy2", after=after))
    for stream in streams:
        assert [event.id for event in stream.take(len(ids) + 2)[2:]] == ids
        stream.close()


def test_bots_together_keep_no_more_than_the_bytes_set_and_say_what_went(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_HISTORY_BYTES="100000") as pulso:
        [first] = pulso.publish(message("first", "x" * 1000))
        for number in range(150):
            pulso.publish(message(f"bot-{number}", "x" * 1000))
        [last] = pulso.publish(message("last", "x" * 1000))
        stream = pulso.stream("first", "bot-149", "last", after=first[:-1] + "0")
        begin = stream.take(6)
        assert [event.json["resumed"] for event in begin[:3]] == [False, True, True]
        assert (begin[3].json["type"], begin[3].json["reason"]) == ("gap", "evicted")
        assert [event.json["botId"] for event in begin[4:]] == ["bot-149", "last"]
        assert begin[5].id == last
