"""What the log leaves out."""

import contextvars
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from services.server.logs import JsonLines, Redacting, redact, request_id, stream_id

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /events/stream?token=abc&botId=b1", "GET /events/stream?token=***&botId=b1"),
        ("?TOKEN=abc", "?TOKEN=***"),
        ("Cookie: pulso_session=abc; a=b", "Cookie: pulso_session=***; a=b"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        (f"somewhere {TOKEN} else", "somewhere *** else"),
        (f"%74oken={TOKEN}", "%74oken=***"),
        (f"'{TOKEN[:-10]}'", "'***'"),
        ("token='abc'", "token='***'"),
        ("200 GET /api/bots (127.0.0.1) 0.50ms", "200 GET /api/bots (127.0.0.1) 0.50ms"),
    ],
)
def test_tokens_are_masked_and_nothing_else(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_arguments_and_tracebacks_are_masked_too() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Redacting("%(message)s"))
    log = logging.Logger("x")
    log.addHandler(handler)
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        log.exception("with %s", TOKEN)
    assert "with ***" in out.getvalue()
    assert "ValueError: bad ***" in out.getvalue()
    assert TOKEN.split(".")[1] not in out.getvalue()


@pytest.fixture
def logged(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own, and what it wrote, formatted as the parameter says."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(request.param)
    log = logging.Logger("pulso.test")
    log.addHandler(handler)
    yield log, out


HOSTILE = "a\x1b[2Jb\x9bc\x7fd\ne\rf\u2028g\u202eh\ud800i\tj"


@pytest.mark.parametrize("logged", [Redacting("%(name)s: %(message)s")], indirect=True)
def test_a_message_stays_on_its_line_and_moves_no_cursor(
    logged: tuple[logging.Logger, io.StringIO],
) -> None:
    log, out = logged
    log.warning("Bot %s", HOSTILE)
    assert out.getvalue() == (
        r"pulso.test: Bot a\x1b[2Jb\x9bc\x7fd\ne\rf\u2028g\u202eh\ud800i" + "\tj\n"
    )


@pytest.mark.parametrize("logged", [JsonLines()], indirect=True)
def test_json_is_one_object_a_line(logged: tuple[logging.Logger, io.StringIO]) -> None:
    log, out = logged
    log.warning("Bot %s", HOSTILE)
    stream_id.set("s1")
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        contextvars.copy_context().run(_log_for, log, "r1")
    log.info("with %s", TOKEN)
    stream_id.set(None)
    first, second, third = (json.loads(line) for line in out.getvalue().splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "WARNING",
        "logger": "pulso.test",
        "message": r"Bot a\x1b[2Jb\x9bc\x7fd" + "\n" + r"e\rf\u2028g\u202eh\ud800i" + "\tj",
    }
    assert (second["request"], second["stream"], second["message"]) == ("r1", "s1", "failed")
    assert "ValueError: bad ***" in second["exception"]
    assert "request" not in third
    assert third["message"] == "with ***"
    assert "\x9b" not in out.getvalue()


def _log_for(log: logging.Logger, request: str) -> None:
    request_id.set(request)
    log.exception("failed")
