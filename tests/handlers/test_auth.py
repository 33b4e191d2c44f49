"""/api/auth: signing in, staying signed in, signing out, and who am I."""

import time
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest

from services.timestamps import from_iso
from tests.running import PASSWORD, SECRET, Answer, RunningPulso


def login(server: RunningPulso, username: str, password: str, **headers: str) -> Answer:
    body = {"username": username, "password": password}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.request("POST", "/api/auth/login", body, headers=sent)


def operator(server: RunningPulso, username: str, **fields: Any) -> str:
    """A new operator's id; its password is the username, doubled."""
    body = {"username": username, "password": username * 2, **fields}
    answer = server.request("POST", "/api/operators", body, token=server.admin())
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def cookie_of(answer: Answer) -> Any:
    return SimpleCookie(answer.headers["Set-Cookie"])["pulso_session"]


def me(server: RunningPulso, token: str) -> Answer:
    return server.request("GET", "/api/auth/me", token=token)


def test_login_answers_with_a_token_its_end_and_the_cookie(server: RunningPulso) -> None:
    answer = login(server, "admin", PASSWORD)
    assert answer.status == 200
    assert set(answer.json) == {"token", "expiresAt"}
    cookie = cookie_of(answer)
    assert cookie.value == answer.json["token"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert not cookie["secure"]
    claims = jwt.decode(answer.json["token"], SECRET, algorithms=["HS256"])
    assert claims["sub"] == "admin"
    assert claims["exp"] == from_iso(answer.json["expiresAt"]).timestamp()
    assert "publish" not in claims


def test_behind_https_the_cookie_is_secure(server: RunningPulso) -> None:
    answer = login(server, "admin", PASSWORD, X_Forwarded_Proto="https")
    assert cookie_of(answer)["secure"] is True


def test_the_cookie_and_the_token_both_say_who_i_am(server: RunningPulso) -> None:
    operator_id = operator(server, "tess-me", bots=["b2", "b1"])
    answer = login(server, "tess-me", "tess-me" * 2)
    by_token = me(server, answer.json["token"])
    cookie = f"pulso_session={answer.json['token']}"
    by_cookie = server.request("GET", "/api/auth/me", headers={"Cookie": cookie})
    assert by_token.json == by_cookie.json
    assert by_token.json == {
        "id": operator_id,
        "username": "tess-me",
        "admin": False,
        "publish": False,
        "bots": ["b1", "b2"],
        "expiresAt": answer.json["expiresAt"],
        "simulator": True,
    }


def test_another_services_token_says_who_it_is(server: RunningPulso) -> None:
    found = me(server, server.token("job", publish=True)).json
    assert found == {
        "id": "job",
        "username": "job",
        "admin": False,
        "publish": True,
        "bots": "*",
        "expiresAt": None,
        "simulator": True,
    }


def test_wrong_names_and_wrong_passwords_look_the_same(server: RunningPulso) -> None:
    wrong = login(server, "admin", "wrong")
    unknown = login(server, "nobody-here", "wrong")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)
    assert wrong.status == 401
    assert wrong.headers["Set-Cookie"] is None


def test_after_five_failures_a_minute_even_the_right_password_waits(server: RunningPulso) -> None:
    operator(server, "tess-slow")
    for _ in range(5):
        assert login(server, "tess-slow", "wrong").status == 401
    answer = login(server, "tess-slow", "tess-slow" * 2)
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    # Only that name, and only from there.
    assert login(server, "admin", PASSWORD).status == 200
    elsewhere = login(server, "tess-slow", "tess-slow" * 2, X_Real_Ip="203.0.113.9")
    assert elsewhere.status == 200


def test_a_success_forgets_the_failures_before_it(server: RunningPulso) -> None:
    operator(server, "tess-typo")
    for _ in range(2):
        for _ in range(4):
            assert login(server, "tess-typo", "wrong").status == 401
        assert login(server, "tess-typo", "tess-typo" * 2).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "admin"}, "password"),
        ({"username": 5, "password": "x"}, "username"),
        ({"username": "", "password": "x"}, "username"),
        ({"username": "x", "password": ""}, "password"),
        ({"username": "x" * 257, "password": "x"}, "username"),
        ({"username": "x", "password": "x" * 257}, "password"),
        ({"username": None, "password": "x"}, "username"),
    ],
)
def test_a_wrong_body_is_named(server: RunningPulso, body: Any, field: str) -> None:
    answer = server.request("POST", "/api/auth/login", body)
    assert (answer.status, answer.json["field"]) == (400, field)


def test_refresh_gives_a_newer_token_of_the_same_sign_in(server: RunningPulso) -> None:
    first = login(server, "admin", PASSWORD).json["token"]
    answer = server.request("POST", "/api/auth/refresh", token=first)
    assert answer.status == 200
    newer = answer.json["token"]
    assert cookie_of(answer).value == newer
    old, new = (jwt.decode(t, SECRET, algorithms=["HS256"]) for t in (first, newer))
    assert old["signin"] == new["signin"]
    assert new["exp"] >= old["exp"]
    assert me(server, first).status == me(server, newer).status == 200


def test_only_a_sign_in_can_be_refreshed(server: RunningPulso) -> None:
    assert server.request("POST", "/api/auth/refresh", token=server.token()).status == 400


def test_logout_ends_every_token_of_the_sign_in_and_clears_the_cookie(
    server: RunningPulso,
) -> None:
    first = login(server, "admin", PASSWORD).json["token"]
    newer = server.request("POST", "/api/auth/refresh", token=first).json["token"]
    other = login(server, "admin", PASSWORD).json["token"]
    answer = server.request("POST", "/api/auth/logout", token=newer)
    assert (answer.status, answer.body) == (204, b"")
    assert cookie_of(answer).value == ""
    assert me(server, first).status == me(server, newer).status == 401
    assert server.request("POST", "/api/auth/refresh", token=newer).status == 401
    assert server.request("POST", "/api/auth/logout", token=newer).status == 401
    assert me(server, other).status == 200


def test_logout_says_revoked_to_its_streams_only(server: RunningPulso) -> None:
    mine, other = (login(server, "admin", PASSWORD).json["token"] for _ in range(2))
    ended, going_on = server.stream("b1", token=mine), server.stream("b1", token=other)
    ended.next()
    going_on.next()
    server.request("POST", "/api/auth/logout", token=mine)
    assert ended.until("closing")[-1].json == {"type": "closing", "reason": "revoked"}
    assert ended.rest() == []
    assert ended.parser.retry is not None
    assert 1000 <= ended.parser.retry <= 5000
    with pytest.raises(TimeoutError):
        going_on.next(timeout=0.2)


def test_a_sign_in_outlives_a_restart_and_a_sign_out_too(server: RunningPulso) -> None:
    kept, gone = (login(server, "admin", PASSWORD).json["token"] for _ in range(2))
    server.request("POST", "/api/auth/logout", token=gone)
    assert server.stop() == 0
    server.start()
    assert me(server, kept).status == 200
    assert me(server, gone).status == 401


def test_a_stolen_sign_in_id_is_worth_nothing_under_another_name(server: RunningPulso) -> None:
    token = login(server, "admin", PASSWORD).json["token"]
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    forged = jwt.encode({**claims, "sub": "somebody"}, SECRET, algorithm="HS256")
    assert me(server, forged).status == 401


def test_a_tokens_exp_counts_to_the_second(server: RunningPulso) -> None:
    token = server.token(exp=int(time.time()) - 1)
    assert me(server, token).json == {"error": "Invalid token"}
    assert me(server, server.token(exp=int(time.time()) + 60)).status == 200
