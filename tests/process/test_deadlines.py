"""A stream ends when its right to be there ends: to the second, and with its reason."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.raw_streams import stalled
from tests.running import PASSWORD, RunningPulso, eventually, message, running
from tests.stream_client import StreamClient


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    with running(tmp_path_factory.mktemp("deadlines") / "data") as pulso:
        yield pulso
        assert "Traceback" not in pulso.log, pulso.log


def opened(pulso: RunningPulso, token: str, *bots: str) -> tuple[StreamClient, str]:
    """A stream that is connected, and its streamId."""
    stream = pulso.stream(*(bots or ("b1",)), token=token)
    opening = [event.json for event in stream.take(len(bots) or 1)]
    return stream, opening[0]["streamId"]


def renew(pulso: RunningPulso, stream_id: str, token: str) -> Any:
    return pulso.request("POST", "/events/renew", {"streamId": stream_id}, token=token)


def next_event(stream: StreamClient, timeout: float = 10) -> dict[str, Any]:
    return dict(stream.next(timeout).json)


def assert_over(stream: StreamClient, reason: str) -> None:
    """This reason comes, with a retry, and then it ends as an HTTP answer ends."""
    closing = stream.next()
    assert closing.json == {"type": "closing", "reason": reason}
    assert 1000 <= (stream.parser.retry or 0) <= 5000
    assert stream.rest() == []
    assert stream.ended


@pytest.mark.alone
def test_a_token_ends_its_stream_at_its_exp_to_the_second(server: RunningPulso) -> None:
    exp = int(time.time()) + 3
    stream, stream_id = opened(server, server.token(exp=exp))
    expiring = next_event(stream)
    assert expiring["type"] == "token:expiring"
    assert expiring["streamId"] == stream_id
    assert expiring["expiresAt"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(exp))
    assert_over(stream, "token-expired")
    assert exp <= time.time() < exp + 1
    refused = server.stream("b1", token=server.token(exp=exp))
    assert refused.status == 401


def test_a_token_with_more_than_a_minute_left_is_not_called_expiring_yet(
    server: RunningPulso,
) -> None:
    stream, _ = opened(server, server.token(exp=time.time() + 61))
    server.publish(message("b1", "hello"))
    assert next_event(stream)["type"] == "message:received"
    expiring = next_event(stream)
    assert expiring["type"] == "token:expiring"


def test_a_renewed_stream_goes_on_past_its_first_exp_and_misses_nothing(
    server: RunningPulso,
) -> None:
    exp = int(time.time()) + 2
    stream, stream_id = opened(server, server.token(exp=exp))
    assert next_event(stream)["type"] == "token:expiring"
    answer = renew(server, stream_id, server.token(exp=exp + 2))
    assert answer.status == 200
    assert answer.json == {
        "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(exp + 2))
    }
    assert next_event(stream)["type"] == "token:expiring"
    time.sleep(max(0, exp + 0.5 - time.time()))
    ids = server.publish(message("b1", "after the first exp"))
    assert stream.next().id == ids[0]
    assert_over(stream, "token-expired")
    assert exp + 2 <= time.time() < exp + 3


def test_a_token_without_exp_takes_the_deadline_away(server: RunningPulso) -> None:
    exp = time.time() + 1
    stream, stream_id = opened(server, server.token(exp=exp))
    assert next_event(stream)["type"] == "token:expiring"
    answer = renew(server, stream_id, server.token())
    assert (answer.status, answer.json) == (200, {"expiresAt": None})
    time.sleep(1.2)
    server.publish(message("b1", "still here"))
    assert next_event(stream)["type"] == "message:received"


def test_what_does_not_renew_changes_nothing(server: RunningPulso) -> None:
    exp = int(time.time()) + 300
    stream, stream_id = opened(server, server.token(exp=exp), "b1", "b2")
    assert renew(server, stream_id, server.token(exp=exp - 1)).status == 409
    assert renew(server, stream_id, server.token(exp=exp + 9, bots=["b1"])).status == 403
    assert renew(server, stream_id, server.token("another", exp=exp + 9)).status == 404
    assert renew(server, "no-such-stream", server.token(exp=exp + 9)).status == 404
    assert renew(server, stream_id, server.token(exp=time.time() - 1)).status == 401
    without, without_id = opened(server, server.token())
    assert renew(server, without_id, server.token(exp=exp)).status == 409
    server.publish(message("b2", "hello"))
    assert next_event(stream)["type"] == "message:received"
    without.close()


def test_a_deleted_stream_says_revoked(server: RunningPulso) -> None:
    stream, stream_id = opened(server, server.token("owner"))
    path = f"/api/streams/{stream_id}"
    assert server.request("DELETE", path, token=server.token("another")).status == 404
    assert server.request("DELETE", path, token=server.token("owner")).status == 204
    assert_over(stream, "revoked")
    assert server.request("DELETE", path, token=server.token("owner")).status == 404


def test_logout_ends_the_streams_of_its_sign_in_and_no_others(server: RunningPulso) -> None:
    first, second = server.admin(), server.admin()
    ended, _ = opened(server, first)
    kept, _ = opened(server, second)
    assert server.request("POST", "/api/auth/logout", token=first).status == 204
    assert_over(ended, "revoked")
    assert server.stream("b1", token=first).status == 401
    server.publish(message("b1", "hello"))
    assert next_event(kept)["type"] == "message:received"


def test_an_operator_who_loses_a_bot_loses_the_streams_that_follow_it(
    server: RunningPulso,
) -> None:
    admin = server.admin()
    made = server.request(
        "POST",
        "/api/operators",
        {"username": "eve", "password": PASSWORD, "bots": ["b1", "b2"], "admin": False},
        token=admin,
    )
    assert made.status == 201, made.body
    login = server.request("POST", "/api/auth/login", {"username": "eve", "password": PASSWORD})
    token = login.json["token"]
    one, _ = opened(server, token, "b1")
    both, _ = opened(server, token, "b1", "b2")
    path = f"/api/operators/{made.json['id']}"
    assert server.request("PATCH", path, {"bots": ["b1"]}, token=admin).status == 200
    assert_over(both, "revoked")
    assert server.stream("b2", token=token).status == 403
    server.publish(message("b1", "hello"))
    assert next_event(one)["type"] == "message:received"
    assert server.request("DELETE", path, token=admin).status == 204
    assert_over(one, "revoked")
    assert server.stream("b1", token=token).status == 401


def test_an_old_stream_ends_with_renew_and_resumes(tmp_path: Path) -> None:
    with running(tmp_path / "data", PULSO_MAX_STREAM_AGE_SECONDS="1") as pulso:
        began = time.monotonic()
        streams = [opened(pulso, pulso.token())[0] for _ in range(10)]
        ends = []
        for stream in streams:
            assert_over(stream, "renew")
            ends.append(time.monotonic() - began)
        assert ends[0] > 0.7
        assert ends[-1] < 2
        missed = pulso.publish(message("b1", "meanwhile"))
        resumed = pulso.stream("b1", after=streams[0].parser.last_id)
        assert next_event(resumed)["resumed"] is True
        assert resumed.next().id == missed[0]


@pytest.mark.alone
@pytest.mark.parametrize("how", ["token-expired", "revoked"])
def test_a_client_that_takes_nothing_does_not_keep_a_stream_it_may_not_have(
    server: RunningPulso, how: str
) -> None:
    exp = time.time() + 2
    stream = stalled(server, "b9", token=server.token("stalled", exp=exp))
    mine = server.token("stalled")

    def waiting() -> Any:
        listed = server.request("GET", "/api/streams", token=mine).json["streams"]
        return [found for found in listed if found["queuedEvents"]]

    while not waiting():
        server.publish(*(message("b9", "x" * 5000) for _ in range(50)))
    if how == "revoked":
        server.request("DELETE", f"/api/streams/{waiting()[0]['streamId']}", token=mine)
    eventually(
        lambda: not server.request("GET", "/api/streams", token=mine).json["streams"], timeout=5
    )
    assert time.time() < exp + 2
    stream.close()
