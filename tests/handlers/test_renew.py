"""POST /events/renew: a newer token for a living stream."""

import time
from typing import Any

import pytest

from tests.running import Answer, RunningPulso


def renew(server: RunningPulso, stream_id: Any, **claims: Any) -> Answer:
    token = server.token(claims.pop("sub", "renewer"), **claims)
    return server.request("POST", "/events/renew", {"streamId": stream_id}, token=token)


def test_renewing_answers_with_the_new_end(server: RunningPulso) -> None:
    now = int(time.time())
    stream = server.stream("b1", token=server.token("renewer", exp=now + 300))
    stream_id = stream.next().json["streamId"]
    answer = renew(server, stream_id, exp=now + 600)
    assert answer.status == 200
    assert answer.json["expiresAt"].endswith(".000Z")
    assert renew(server, stream_id, exp=now + 600).status == 200
    assert renew(server, stream_id, exp=now + 599).status == 409
    assert renew(server, stream_id, exp=now + 900, bots=["b2"]).status == 403
    assert renew(server, stream_id, exp=now + 900, sub="another").status == 404
    assert renew(server, "nope", exp=now + 900).status == 404
    assert renew(server, stream_id).json == {"expiresAt": None}
    assert renew(server, stream_id, exp=now + 9000).status == 409


@pytest.mark.parametrize("body", [{}, {"streamId": 5}, {"streamId": None}, [], b"", b"null"])
def test_a_renewal_without_a_stream_is_named(server: RunningPulso, body: Any) -> None:
    answer = server.request("POST", "/events/renew", body, token=server.token())
    assert answer.status == 400


def test_renewing_needs_a_token(server: RunningPulso) -> None:
    assert server.request("POST", "/events/renew", {"streamId": "x"}).status == 401
