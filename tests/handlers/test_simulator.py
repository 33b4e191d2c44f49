"""The phone's commands, on a running server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import RunningPulso, running


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module."""
    with running(tmp_path_factory.mktemp("pulso") / "data") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def bot(pulso: RunningPulso) -> str:
    """A bot that is linked."""
    token = pulso.token(admin=True)
    bot = str(pulso.request("POST", "/api/bots", {"name": "Tienda"}, token=token).json["id"])
    stream = pulso.stream(bot, token=token)
    pulso.request("POST", f"/api/bots/{bot}/connect", token=token)
    stream.until("bot:qr")
    assert act(pulso, bot, "scan", {"name": "Ana"}).status == 202
    stream.until("bot:connected")
    return bot


def act(pulso: RunningPulso, bot: str, command: str, body: Any = None) -> Any:
    path = f"/api/simulator/bots/{bot}/{command}"
    return pulso.request("POST", path, body, token=pulso.token(admin=True))


def test_a_message_answers_with_its_id(pulso: RunningPulso, bot: str) -> None:
    message = {"from": "1", "name": "Luz", "text": "hola", "id": "M1"}
    assert act(pulso, bot, "message", message).json == {"id": "M1"}
    del message["id"]
    assert act(pulso, bot, "message", message).json["id"].startswith("3A")


def test_a_line_that_drops_comes_back(pulso: RunningPulso, bot: str) -> None:
    stream = pulso.stream(bot, token=pulso.token())
    assert act(pulso, bot, "drop").status == 202
    assert stream.until("bot:disconnected")[-1].json["willReconnect"] is True
    stream.until("bot:connected")


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("scan", {}, "name"),
        ("scan", {"name": ""}, "name"),
        ("scan", {"name": "a\x00"}, "name"),
        ("message", {"name": "Luz", "text": "hola"}, "from"),
        ("message", {"from": "nobody", "name": "Luz", "text": "hola"}, "from"),
        ("message", {"from": "1\n", "name": "Luz", "text": "hola"}, "from"),
        ("message", {"from": "1", "name": "Luz"}, "text"),
        ("message", {"from": "1", "name": "Luz", "text": ""}, "text"),
        ("message", {"from": "1", "name": "Luz", "text": "a", "id": "a\nb"}, "id"),
        ("message", {"from": "1", "text": "a", "fromMe": "yes"}, "fromMe"),
        ("typing", {"from": "1", "state": "dancing"}, "state"),
    ],
)
def test_a_wrong_body_is_named(
    pulso: RunningPulso, bot: str, command: str, body: Any, field: str
) -> None:
    answer = act(pulso, bot, command, body)
    assert (answer.status, answer.json.get("field")) == (400, field)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("scan", {"name": "Ana"}),
        ("message", {"from": "1", "name": "Luz", "text": "hola"}),
        ("unlink", None),
        ("drop", None),
    ],
)
def test_what_the_line_forbids_is_a_conflict(pulso: RunningPulso, command: str, body: Any) -> None:
    token = pulso.token(admin=True)
    bot = pulso.request("POST", "/api/bots", {"name": "Nueva"}, token=token).json["id"]
    assert act(pulso, bot, command, body).status == 409


def test_the_phone_is_for_known_bots_of_the_caller(pulso: RunningPulso, bot: str) -> None:
    assert act(pulso, "bot-unknown", "drop").status == 404
    path = f"/api/simulator/bots/{bot}/drop"
    assert pulso.request("POST", path, token=pulso.token(bots=[])).status == 403
    assert pulso.request("POST", path).status == 401
    assert act(pulso, bot, "fly").status == 404
