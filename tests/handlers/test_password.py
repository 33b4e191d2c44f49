"""POST /api/auth/password: one's own password."""

from typing import Any

import pytest

from tests.running import Answer, RunningPulso

OLD, NEW = "the first of them", "quite another one"


def signed_up(server: RunningPulso, name: str) -> str:
    """A token of a new operator's sign-in."""
    body = {"username": name, "password": OLD}
    assert server.request("POST", "/api/operators", body, token=server.admin()).status == 201
    return signed_in(server, name, OLD)


def signed_in(server: RunningPulso, name: str, password: str) -> str:
    answer = server.request("POST", "/api/auth/login", {"username": name, "password": password})
    assert answer.status == 200, answer.body
    return str(answer.json["token"])


def change(server: RunningPulso, token: str | None, **body: Any) -> Answer:
    return server.request("POST", "/api/auth/password", body, token=token)


def test_the_new_one_counts_and_every_other_sign_in_ends(server: RunningPulso) -> None:
    mine, other = signed_up(server, "pass-eva"), signed_in(server, "pass-eva", OLD)
    ended, going_on = server.stream("b1", token=other), server.stream("b1", token=mine)
    ended.next()
    going_on.next()
    answer = change(server, mine, current=OLD, new=NEW)
    assert (answer.status, answer.body) == (204, b"")
    assert ended.until("closing")[-1].json["reason"] == "revoked"
    with pytest.raises(TimeoutError):
        going_on.next(timeout=0.2)
    assert server.request("GET", "/api/auth/me", token=other).status == 401
    assert server.request("GET", "/api/auth/me", token=mine).status == 200
    old = {"username": "pass-eva", "password": OLD}
    assert server.request("POST", "/api/auth/login", old).status == 401
    assert signed_in(server, "pass-eva", NEW)
    server.kill()
    server.start()
    assert server.request("GET", "/api/auth/me", token=other).status == 401
    assert server.request("GET", "/api/auth/me", token=mine).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"new": NEW}, "current"),
        ({"current": OLD}, "new"),
        ({"current": "wrong", "new": NEW}, "current"),
        ({"current": OLD, "new": "short"}, "new"),
        ({"current": OLD, "new": "password"}, "new"),
        ({"current": OLD, "new": "pass-luz-1"}, "new"),
    ],
)
def test_what_is_wrong_is_named(server: RunningPulso, body: Any, field: str) -> None:
    listed = server.request("GET", "/api/operators", token=server.admin()).json["operators"]
    known = any(operator["username"] == "pass-luz-1" for operator in listed)
    token = signed_in(server, "pass-luz-1", OLD) if known else signed_up(server, "pass-luz-1")
    answer = change(server, token, **body)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert signed_in(server, "pass-luz-1", OLD)


def test_it_can_not_be_guessed_at(server: RunningPulso) -> None:
    token = signed_up(server, "pass-guess")
    for _ in range(5):
        assert change(server, token, current="wrong", new=NEW).status == 400
    assert change(server, token, current=OLD, new=NEW).status == 429


def test_only_a_sign_in_has_a_password(server: RunningPulso) -> None:
    assert change(server, None, current=OLD, new=NEW).status == 401
    assert change(server, server.token(), current=OLD, new=NEW).status == 400
