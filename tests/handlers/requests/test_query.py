"""A query as a typed struct."""

import pytest

from handlers.requests.query import SessionsQuery, decode_query
from services.errors import Invalid


def read(**values: list[str]) -> SessionsQuery:
    return decode_query(lambda name: values.get(name, []), SessionsQuery)


def test_the_last_of_a_repeated_name_counts_and_bots_count_once() -> None:
    found = read(botId=["b", "", "a", "b"], limit=["5", "7"], q=["x"])
    assert found == SessionsQuery(bot_id=["b", "a"], limit=7, q="x")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("botId", "", "Missing botId"),
        ("limit", "1e2", "Must be a whole number"),
        ("limit", "٣", "Must be a whole number"),
        ("limit", "", "Must be a whole number"),
        ("limit", "201", "At most 200"),
        ("before", "null", "Must be the `before` of a page"),
        ("before", "", "Must be the `before` of a page"),
        ("q", "x" * 201, "At most 200 characters"),
    ],
)
def test_what_is_wrong_is_named_in_words(name: str, text: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(**{"botId": ["b"], name: [text]})
    assert (refused.value.field, refused.value.message) == (name, words)
