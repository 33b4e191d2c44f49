"""What the log leaves out."""

import io
import logging

import pytest

from services.server.logs import Redacting, redact

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
