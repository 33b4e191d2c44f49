"""The REST face of bots, on a running server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import RunningPulso, running


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module; every test adds its own bots."""
    with running(tmp_path_factory.mktemp("pulso") / "data") as server:
        yield server
        assert "Traceback" not in server.log, server.log


def added(pulso: RunningPulso, name: str = "Tienda") -> dict[str, Any]:
    answer = pulso.request("POST", "/api/bots", {"name": name}, token=pulso.token(admin=True))
    assert answer.status == 201, answer.body
    return dict(answer.json)


def test_adding_a_bot_answers_with_the_bot_at_rest(pulso: RunningPulso) -> None:
    bot = added(pulso, "  Tienda ")
    assert bot["name"] == "Tienda"
    assert (bot["status"], bot["connected"], bot["user"], bot["reason"]) == (
        "disconnected",
        False,
        None,
        None,
    )
    assert bot["createdAt"].endswith("Z")
    one = pulso.request("GET", f"/api/bots/{bot['id']}", token=pulso.token())
    assert (one.status, one.json) == (200, bot)


def test_a_list_holds_the_callers_bots_only(pulso: RunningPulso) -> None:
    mine, other = added(pulso)["id"], added(pulso)["id"]
    listed = pulso.request("GET", "/api/bots", token=pulso.token(bots=[mine])).json["bots"]
    assert [bot["id"] for bot in listed] == [mine]
    for path in ("", "/status", "/qr"):
        answer = pulso.request("GET", f"/api/bots/{other}{path}", token=pulso.token(bots=[mine]))
        assert answer.status == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/bots", {"name": "x"}),
        ("PATCH", "/api/bots/{}", {"name": "x"}),
        ("DELETE", "/api/bots/{}", None),
    ],
)
def test_only_admins_add_rename_and_remove(
    pulso: RunningPulso, method: str, path: str, body: Any
) -> None:
    bot = added(pulso)["id"]
    answer = pulso.request(method, path.format(bot), body, token=pulso.token())
    assert answer.status == 403
    assert pulso.request(method, path.format(bot), body).status == 401


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 101, "a\nb", "a\u2028b", "a\u200bb", "\u202eadneiT", "a\x9bb", 7, None],
)
def test_a_wrong_name_is_named(pulso: RunningPulso, name: Any) -> None:
    answer = pulso.request("POST", "/api/bots", {"name": name}, token=pulso.token(admin=True))
    assert (answer.status, answer.json.get("field")) == (400, "name")


def test_a_missing_name_is_named(pulso: RunningPulso) -> None:
    answer = pulso.request("POST", "/api/bots", {}, token=pulso.token(admin=True))
    assert (answer.status, answer.json.get("field")) == (400, "name")


def test_renaming_and_removing(pulso: RunningPulso) -> None:
    admin, bot = pulso.token(admin=True), added(pulso)["id"]
    renamed = pulso.request("PATCH", f"/api/bots/{bot}", {"name": "Taller"}, token=admin)
    assert (renamed.status, renamed.json["name"]) == (200, "Taller")
    removed = pulso.request("DELETE", f"/api/bots/{bot}", token=admin)
    assert (removed.status, removed.body) == (204, b"")
    assert pulso.request("DELETE", f"/api/bots/{bot}", token=admin).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/status"),
        ("GET", "/qr"),
        ("POST", "/connect"),
        ("POST", "/disconnect"),
        ("POST", "/logout"),
        ("POST", "/fly"),
    ],
)
def test_what_is_not_there_is_404(pulso: RunningPulso, method: str, path: str) -> None:
    answer = pulso.request(method, f"/api/bots/bot-unknown{path}", token=pulso.token(admin=True))
    assert answer.status == 404
    assert answer.json["error"]


def test_a_bot_is_linked_by_code(pulso: RunningPulso) -> None:
    token, bot = pulso.token(admin=True), added(pulso)["id"]
    path = f"/api/bots/{bot}"
    for wrong in ("34600111222", "+34", "+3460011122233344", "+34 600 111 222", "+0600111222", 7):
        refused = pulso.request("POST", f"{path}/connect", {"pairWith": wrong}, token=token)
        assert (refused.status, refused.json.get("field")) == (400, "pairWith"), wrong
    stream = pulso.stream(bot, token=token)
    assert pulso.request("POST", f"{path}/connect", token=token).status == 202
    stream.until("bot:qr")
    asked = pulso.request("POST", f"{path}/connect", {"pairWith": "+34600111222"}, token=token)
    assert asked.status == 202
    event = stream.until("bot:pairing-code")[-1].json
    assert re.fullmatch("[0-9A-Z]{8}", event["code"])
    shown = pulso.request("GET", f"{path}/status", token=token).json
    assert (shown["status"], shown["qr"], shown["qrExpiresAt"]) == ("qr", None, None)
    assert (shown["pairingCode"], shown["pairingCodeExpiresAt"]) == (
        event["code"],
        event["expiresAt"],
    )
    scan = f"/api/simulator/bots/{bot}/scan"
    assert pulso.request("POST", scan, {"name": "Ana"}, token=token).status == 202
    stream.until("bot:connected")
    after = pulso.request("GET", f"{path}/status", token=token).json
    assert (after["pairingCode"], after["pairingCodeExpiresAt"]) == (None, None)
    again = pulso.request("POST", f"{path}/connect", {"pairWith": "+34600111222"}, token=token)
    assert again.status == 409


def test_a_status_and_the_stream_after_its_cursor_tell_the_whole_story(
    pulso: RunningPulso,
) -> None:
    token, bot = pulso.token(admin=True), added(pulso)["id"]
    before = pulso.request("GET", f"/api/bots/{bot}/status", token=token).json
    assert before["status"] == "disconnected"
    stream = pulso.stream(bot, after=before["cursor"], token=token)
    asked = pulso.request("POST", f"/api/bots/{bot}/connect", token=token)
    assert (asked.status, asked.json) == (202, {})
    qr = stream.until("bot:qr")[-1].json
    shown = pulso.request("GET", f"/api/bots/{bot}/qr", token=token).json
    assert shown["status"] == "qr"
    assert (shown["qr"], shown["qrExpiresAt"]) == (qr["qr"], qr["expiresAt"])
    assert shown.keys() == before.keys()
    scanned = pulso.request("POST", f"/api/simulator/bots/{bot}/scan", {"name": "Ana"}, token=token)
    assert scanned.status == 202
    user = stream.until("bot:connected")[-1].json["user"]
    after = pulso.request("GET", f"/api/bots/{bot}/status", token=token).json
    assert (after["status"], after["connected"], after["user"]) == ("connected", True, user)
    assert (after["qr"], after["qrExpiresAt"]) == (None, None)
    assert pulso.request("POST", f"/api/bots/{bot}/logout", token=token).status == 202
    assert stream.until("bot:disconnected")[-1].json["statusCode"] == 401
