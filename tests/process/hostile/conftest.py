"""A server with something of everything in it, for whatever is thrown at its endpoints."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import RunningPulso, eventually, running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder / "data", PULSO_MAX_STREAMS_PER_USER="500", PULSO_AI="off") as pulso:
        yield pulso
        _, found, traceback = pulso.log.partition("Traceback")
        assert not found, traceback[:3000]


@pytest.fixture(scope="package")
def admin(server: RunningPulso) -> str:
    return server.admin()


@pytest.fixture(scope="package")
def bot(server: RunningPulso, admin: str) -> str:
    """A linked bot with a chat."""
    bot_id = str(server.request("POST", "/api/bots", {"name": "Tienda"}, token=admin).json["id"])
    assert server.request("POST", f"/api/bots/{bot_id}/connect", token=admin).status == 202

    def status() -> Any:
        return server.request("GET", f"/api/bots/{bot_id}/status", token=admin).json["status"]

    eventually(lambda: status() == "qr")
    phone = f"/api/simulator/bots/{bot_id}"
    assert server.request("POST", f"{phone}/scan", {"name": "Ana"}, token=admin).status == 202
    eventually(lambda: status() == "connected")
    hello = {"from": "573001112233", "name": "Leo", "text": "hola"}
    assert server.request("POST", f"{phone}/message", hello, token=admin).status == 202
    return bot_id


@pytest.fixture(scope="package")
def session(server: RunningPulso, admin: str, bot: str) -> str:
    def found() -> Any:
        path = f"/api/sessions?botId={bot}"
        return server.request("GET", path, token=admin).json["sessions"]

    return str(eventually(found)[0]["id"])


@pytest.fixture(scope="package")
def operator(server: RunningPulso, admin: str) -> str:
    new = {"username": "eva", "password": "a long password", "bots": ["b1"]}
    return str(server.request("POST", "/api/operators", new, token=admin).json["id"])


@pytest.fixture(scope="package")
def state(
    server: RunningPulso, admin: str, bot: str, session: str, operator: str
) -> Iterator[dict[str, str]]:
    """What fills the paths; whatever is sent, all that can be read stays as it was."""

    def seen() -> list[Any]:
        paths = [
            f"/api/sessions?botId={bot}",
            f"/api/sessions/{session}/messages",
            "/api/bots",
            f"/api/bots/{bot}/status",
            "/api/operators",
        ]
        return [server.request("GET", path, token=admin).json for path in paths]

    before = seen()
    yield {"bot": bot, "session": session, "operator": operator}
    assert seen() == before
    assert server.request("GET", "/readyz").status == 200
