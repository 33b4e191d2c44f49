"""GET /api/openapi.json: every route, status and refusal, from what the handlers declare."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from handlers.application import make_application
from handlers.base import PulsoHandler
from handlers.calls import call, refusals_of
from handlers.openapi import calls_of
from services.config import Settings
from services.errors import Refusal, Unauthorized
from services.pulso import Pulso
from tests.running import RunningPulso

PAGES = ("handlers.pages",)


@pytest.fixture(scope="module")
def document(server: RunningPulso) -> dict[str, Any]:
    """Open to all: what reads it has no token yet."""
    answer = server.request("GET", "/api/openapi.json")
    assert answer.status == 200
    return dict(answer.json)


def routes(tmp_path: Path, **settings: str) -> list[tuple[str, Any]]:
    given = {"PULSO_DATA_DIR": str(tmp_path), "JWT_SECRET": "x" * 40, **settings}
    application = make_application(Pulso(Settings.from_environ(given), make_application))
    rules = application.wildcard_router.rules
    return [(rule.matcher.regex.pattern, rule.target) for rule in rules]


@pytest.mark.parametrize("whatsapp", ["simulated", "baileys"])
def test_every_route_declares_every_method_it_has(tmp_path: Path, whatsapp: str) -> None:
    for _, handler in routes(tmp_path, PULSO_WHATSAPP=whatsapp):
        if handler.__module__ not in PAGES and issubclass(handler, PulsoHandler):
            declared = dict(calls_of(handler))
            assert declared
            assert all(one.summary for one in declared.values())


def test_the_document_has_every_route(tmp_path: Path, document: dict[str, Any]) -> None:
    described = {re.sub(r"\{\w+\}", "([^/]+)", path) + "$" for path in document["paths"]}
    answered = {pattern for pattern, handler in routes(tmp_path) if handler.__module__ not in PAGES}
    assert described == {pattern for pattern in answered if pattern != ".*$"}


def test_every_refusal_is_described_in_its_own_words(document: dict[str, Any]) -> None:
    responses = document["components"]["responses"]
    assert {kind.__name__ for kind in Refusal.__subclasses__()} == set(responses)
    assert all(response["description"] for response in responses.values())
    statuses = [kind.status for kind in Refusal.__subclasses__()]
    assert len(statuses) == len(set(statuses))


def test_limits_of_a_body_stand_in_it(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    password = schemas["NewOperator"]["properties"]["password"]
    assert (password["minLength"], password["maxLength"]) == (8, 256)
    assert schemas["BotName"]["properties"]["name"]["maxLength"] == 100
    assert schemas["Answer"]["properties"]["content"]["maxLength"] == 65_536
    query = {one["name"]: one for one in document["paths"]["/api/sessions"]["get"]["parameters"]}
    assert query["limit"]["schema"]["maximum"] == 200
    assert query["botId"]["required"] is True


def test_what_a_page_shows_is_required_or_may_be_null(document: dict[str, Any]) -> None:
    author = document["components"]["schemas"]["MessageSent"]["properties"]["author"]
    assert author["anyOf"][0] == {"type": "null"} or {"type": "null"} in author["anyOf"]


def test_an_undeclared_method_is_an_error() -> None:
    class Bare(PulsoHandler):
        def get(self) -> None:
            """Nothing is said of this."""

    Bare.get.__module__ = "handlers.bare"
    with pytest.raises(TypeError, match=r"Bare\.get"):
        dict(calls_of(Bare))


def test_what_follows_from_the_rest_need_not_be_said() -> None:
    class Answer(msgspec.Struct):
        """So it is."""

    @call(200)
    def get() -> Answer:
        """Something."""
        return Answer()

    declared = get.call  # type: ignore[attr-defined]
    assert refusals_of(declared, "GET", parameters=False) == {Unauthorized}
    assert {kind.status for kind in refusals_of(declared, "POST", parameters=True)} == {
        400,
        401,
        403,
    }
