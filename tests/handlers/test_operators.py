"""/api/operators: who may sign in and what they see, counted at once."""

from typing import Any

import pytest

from tests.running import PASSWORD, RunningPulso, message


@pytest.fixture(scope="module")
def admin(server: RunningPulso) -> str:
    return server.admin()


def add(server: RunningPulso, by: str, username: str, /, **fields: Any) -> dict[str, Any]:
    body = {"username": username, "password": username * 2, **fields}
    answer = server.request("POST", "/api/operators", body, token=by)
    assert answer.status == 201, answer.body
    return dict(answer.json)


def token_of(server: RunningPulso, username: str, password: str | None = None) -> str:
    body = {"username": username, "password": password or username * 2}
    answer = server.request("POST", "/api/auth/login", body)
    assert answer.status == 200, answer.body
    return str(answer.json["token"])


def change(server: RunningPulso, by: str, operator: dict[str, Any], /, **fields: Any) -> Any:
    path = f"/api/operators/{operator['id']}"
    return server.request("PATCH", path, fields, token=by)


def test_an_operator_is_shown_without_its_password(server: RunningPulso, admin: str) -> None:
    made = add(server, admin, "oper-a", bots=["b1", "b2"])
    assert set(made) == {"id", "username", "bots", "admin", "createdAt"}
    assert made["bots"] == ["b1", "b2"]
    assert made["admin"] is False
    listed = server.request("GET", "/api/operators", token=admin).json["operators"]
    assert made in listed
    assert [o["username"] for o in listed] == sorted(o["username"] for o in listed)


def test_without_bots_it_sees_all_of_them(server: RunningPulso, admin: str) -> None:
    assert add(server, admin, "oper-all")["bots"] == "*"
    assert add(server, admin, "oper-none", bots=[])["bots"] == []


def test_a_name_is_taken_once(server: RunningPulso, admin: str) -> None:
    add(server, admin, "oper-twice")
    body = {"username": "oper-twice", "password": "another password"}
    answer = server.request("POST", "/api/operators", body, token=admin)
    assert (answer.status, answer.json["field"]) == (409, "username")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": " x"}, "username"),
        ({"username": "a\nb"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": "ad\u200bmin"}, "username"),
        ({"username": "\u202enimda"}, "username"),
        ({"username": "admin\u200d"}, "username"),
        ({"username": "\u3164"}, "username"),
        ({"password": "password"}, "password"),
        ({"password": "12345678"}, "password"),
        ({"password": "Contraseña"}, "password"),
        ({"password": "aaaaaaaaaa"}, "password"),
        ({"password": "OPER-wrong"}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"bots": "b1"}, "bots"),
        ({"bots": ["b1", 5]}, "bots.1"),
        ({"bots": [""]}, "bots.0"),
        ({"bots": ["a\0"]}, "bots.0"),
        ({"admin": "yes"}, "admin"),
    ],
)
def test_what_is_wrong_is_named(
    server: RunningPulso, admin: str, fields: dict[str, Any], field: str
) -> None:
    body = {"username": "oper-wrong", "password": "long enough", **fields}
    answer = server.request("POST", "/api/operators", body, token=admin)
    assert answer.status == 400, answer.body
    # msgspec says [...] for any item of an array.
    assert answer.json["field"] in (field, field.replace(".1", "....").replace(".0", "...."))


def test_only_admins_see_operators(server: RunningPulso, admin: str) -> None:
    add(server, admin, "oper-plain")
    token = token_of(server, "oper-plain")
    assert server.request("GET", "/api/operators", token=token).status == 403
    assert server.request("GET", "/api/operators", token=server.token()).status == 403
    assert server.request("GET", "/api/operators", token=server.token(admin=True)).status == 200


def test_an_operator_who_loses_a_bot_loses_its_streams_and_its_history(
    server: RunningPulso, admin: str
) -> None:
    operator = add(server, admin, "oper-loses", bots=["op1", "op2"])
    token = token_of(server, "oper-loses")
    both, one = server.stream("op1", "op2", token=token), server.stream("op1", token=token)
    both.take(2)
    one.next()
    seen = server.publish(message("op1", "x"), message("op2", "x"))
    assert both.take(2)[1].id == seen[1]
    assert change(server, admin, operator, bots=["op1"]).status == 200
    assert both.until("closing")[-1].json["reason"] == "revoked"
    missed = server.publish(message("op2", "y"), message("op1", "y"))
    assert one.take(2)[1].id == missed[1]
    again = f"/events/stream?botId=op2&lastEventId={seen[0]}"
    assert server.request("GET", again, token=token).status == 403
    assert server.stream("op1", token=token, after=seen[1]).take(2)[1].id == missed[1]
    assert server.request("GET", "/api/auth/me", token=token).json["bots"] == ["op1"]


def test_an_operator_who_gains_a_bot_follows_it_with_the_token_it_has(
    server: RunningPulso, admin: str
) -> None:
    operator = add(server, admin, "oper-gains", bots=["op1"])
    token = token_of(server, "oper-gains")
    going_on = server.stream("op1", token=token)
    going_on.next()
    assert change(server, admin, operator, bots=["op1", "op3"]).status == 200
    assert server.stream("op3", token=token).next().json["botId"] == "op3"
    [heard] = server.publish(message("op1", "x"))
    assert going_on.next().id == heard


def test_rights_of_an_admin_come_and_go_at_once(server: RunningPulso, admin: str) -> None:
    operator = add(server, admin, "oper-rises")
    token = token_of(server, "oper-rises")
    assert server.request("GET", "/api/operators", token=token).status == 403
    assert change(server, admin, operator, admin=True).json["admin"] is True
    assert server.request("GET", "/api/operators", token=token).status == 200
    change(server, admin, operator, admin=False)
    assert server.request("GET", "/api/operators", token=token).status == 403


def test_a_new_password_ends_every_sign_in(server: RunningPulso, admin: str) -> None:
    operator = add(server, admin, "oper-new-pass")
    token = token_of(server, "oper-new-pass")
    stream = server.stream("b1", token=token)
    stream.next()
    assert change(server, admin, operator, password="quite another").status == 200
    assert stream.until("closing")[-1].json["reason"] == "revoked"
    assert server.request("GET", "/api/auth/me", token=token).status == 401
    old = {"username": "oper-new-pass", "password": "oper-new-pass" * 2}
    assert server.request("POST", "/api/auth/login", old).status == 401
    assert token_of(server, "oper-new-pass", "quite another")


def test_a_removed_operator_is_gone_with_all_it_held(server: RunningPulso, admin: str) -> None:
    operator = add(server, admin, "oper-goes")
    token = token_of(server, "oper-goes")
    stream = server.stream("b1", token=token)
    stream.next()
    path = f"/api/operators/{operator['id']}"
    assert server.request("DELETE", path, token=admin).status == 204
    assert stream.until("closing")[-1].json["reason"] == "revoked"
    assert server.request("GET", "/api/auth/me", token=token).status == 401
    assert server.request("DELETE", path, token=admin).status == 404
    assert change(server, admin, operator, admin=True).status == 404
    # Another of the same name is another person.
    add(server, admin, "oper-goes")
    assert server.request("GET", "/api/auth/me", token=token).status == 401


def test_the_last_admin_stays_one(server: RunningPulso, admin: str) -> None:
    operators = server.request("GET", "/api/operators", token=admin).json["operators"]
    first = next(o for o in operators if o["username"] == "admin")
    assert [o["username"] for o in operators if o["admin"]] == ["admin"]
    assert change(server, admin, first, admin=False).status == 409
    path = f"/api/operators/{first['id']}"
    assert server.request("DELETE", path, token=admin).status == 409
    second = add(server, admin, "oper-second", admin=True)
    assert change(server, admin, first, admin=False).status == 200
    by_second = token_of(server, "oper-second")
    assert change(server, by_second, first, admin=True).status == 200
    path = f"/api/operators/{second['id']}"
    assert server.request("DELETE", path, token=admin).status == 204


def test_nobody_gives_more_than_they_have(server: RunningPulso, admin: str) -> None:
    mine = add(server, admin, "oper-limited", bots=["b1", "b2"], admin=True)
    token = token_of(server, "oper-limited")
    assert change(server, token, mine, bots="*").status == 403
    assert change(server, token, mine, bots=["b1", "b3"]).json["field"] == "bots"
    for bots in ("*", ["b3"]):
        body = {"username": "oper-more", "password": "long enough", "bots": bots, "admin": True}
        assert server.request("POST", "/api/operators", body, token=token).status == 403
    # Whoever has more is not theirs to change: a new password would be theirs.
    wider = add(server, admin, "oper-wider", bots=["b1", "b3"])
    for fields in ({"password": "quite another"}, {"admin": True}, {"bots": ["b1"]}):
        assert change(server, token, wider, **fields).status == 403
    path = f"/api/operators/{wider['id']}"
    assert server.request("DELETE", path, token=token).status == 403
    # What they have they may give.
    other = add(server, token, "oper-within", bots=["b1"])
    assert change(server, token, other, bots=["b2"], admin=True).status == 200
    assert server.request("DELETE", f"/api/operators/{other['id']}", token=token).status == 204


@pytest.mark.parametrize("password", ["password", "OPER-renews", "short"])
def test_a_new_password_is_no_weaker(server: RunningPulso, admin: str, password: str) -> None:
    listed = server.request("GET", "/api/operators", token=admin).json["operators"]
    known = [operator for operator in listed if operator["username"] == "oper-renews"]
    operator = known[0] if known else add(server, admin, "oper-renews")
    answer = change(server, admin, operator, password=password)
    assert (answer.status, answer.json["field"]) == (400, "password")


def test_a_change_of_nothing_changes_nothing(server: RunningPulso, admin: str) -> None:
    operator = add(server, admin, "oper-same", bots=["b1"])
    token = token_of(server, "oper-same")
    stream = server.stream("b1", token=token)
    stream.next()
    assert change(server, admin, operator).json == operator
    assert change(server, admin, operator, bots=None, admin=None).json == operator
    [heard] = server.publish(message("b1", "x"))
    assert stream.next().id == heard


def test_operators_outlive_a_restart(server: RunningPulso) -> None:
    admin = server.admin()
    made = add(server, admin, "oper-stays", bots=["b1"])
    server.kill()
    server.start()
    listed = server.request("GET", "/api/operators", token=admin).json["operators"]
    assert made in listed
    assert token_of(server, "oper-stays")
    assert token_of(server, "admin", PASSWORD)


def test_whoever_sees_a_bot_learns_who_can_have_its_chats(server: RunningPulso, admin: str) -> None:
    made = server.request("POST", "/api/bots", {"name": "Ventas"}, token=admin).json["id"]
    within = add(server, admin, "col-within", bots=[made])
    add(server, admin, "col-outside", bots=["b1"])
    everywhere = add(server, admin, "col-everywhere")
    path = f"/api/bots/{made}/operators"
    answer = server.request("GET", path, token=token_of(server, "col-within"))
    assert answer.status == 200
    listed = answer.json["operators"]
    assert {"id": within["id"], "name": "col-within"} in listed
    assert {"id": everywhere["id"], "name": "col-everywhere"} in listed
    assert "col-outside" not in [one["name"] for one in listed]
    assert server.request("GET", path, token=token_of(server, "col-outside")).status == 403
    nowhere = "/api/bots/no-such-bot/operators"
    assert server.request("GET", nowhere, token=admin).status == 404
