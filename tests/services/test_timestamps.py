"""Times: one form out, any ISO 8601 with an offset in."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.timestamps import from_iso, iso, normalize, to_iso


def test_seconds_become_the_form() -> None:
    assert iso(1795485207.1234) == "2026-11-24T01:53:27.123Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.123Z"),
        ("2026-01-01T22:04:05-05:00", "2026-01-02T03:04:05.000Z"),
    ],
)
def test_the_same_moment_in_our_form(given_: str, expected: str) -> None:
    assert normalize(given_) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-01-02T03:04:05",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "2026-01-02T03:04:05Z" + " " * 50,
        "1795485207",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        normalize(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    text = to_iso(moment)
    assert len(text) == 24
    assert abs((from_iso(text) - moment).total_seconds()) < 0.001
