"""JSON from outside: what is refused, and how the field at fault is named."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.requests.json_body import decode, explain
from services.errors import Invalid


class Inner(msgspec.Struct, rename="camel"):
    some_name: Annotated[str, msgspec.Meta(max_length=3)]


class Outer(msgspec.Struct):
    inner: Inner | None = None
    many: list[Inner] = []


def refusal(body: bytes, kind: Any = Outer) -> Invalid:
    with pytest.raises(Invalid) as refused:
        decode(body, kind)
    return refused.value


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"inner":{}}', "inner.someName"),
        (b'{"inner":{"someName":5}}', "inner.someName"),
        (b'{"inner":{"someName":"long"}}', "inner.someName"),
        (b'{"inner":[]}', "inner"),
        (b'{"many":5}', "many"),
        (b"[]", None),
    ],
)
def test_the_field_at_fault_is_named_by_its_path(body: bytes, field: str | None) -> None:
    assert refusal(body).field == field


def test_an_item_of_an_array_is_named(body: bytes = b'{"many":[{"someName":1}]}') -> None:
    field = refusal(body).field
    assert field is not None
    assert field.startswith("many.")
    assert field.endswith(".someName")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Expected `str`, got `int` - at `$.a.b`", ("Must be text", "a.b")),
        ("Expected `object`, got `array`", ("Must be an object", None)),
        (
            "Object missing required field `x` - at `$.a`",
            ("Missing x", "a.x"),
        ),
        ("Object missing required field `x`", ("Missing x", "x")),
        ("Expected `str` of length >= 8 - at `$[2].a`", ("At least 8 characters", "2.a")),
        ("Expected `array` of length <= 5 - at `$.a[0]`", ("At most 5 items", "a.0")),
    ],
)
def test_msgspecs_words_become_a_message_and_a_path(
    text: str, expected: tuple[str, str | None]
) -> None:
    assert explain(text) == expected


@pytest.mark.parametrize(
    "value",
    [rb'"\ud800"', rb'"\uDFFF"', b"NaN", b"-Infinity", b'"\xff"', b'"\x1f"', b"[" * 99_999, b"01"],
)
def test_hostile_json_is_refused_where_nobody_reads_it(value: bytes) -> None:
    assert refusal(b'{"unknown":%b}' % value).status == 400


@pytest.mark.parametrize(
    "value", [rb'"\ud83d\ude00"', '"😀"'.encode(), rb'"\\ud800"', rb'"\u0000"', b"[[]]", b"1e5"]
)
def test_odd_but_right_json_is_taken(value: bytes) -> None:
    assert decode(b'{"unknown":%b}' % value, Outer) == Outer()


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_taken_or_refused(body: bytes) -> None:
    try:
        decode(body, Outer)
    except Invalid:
        return
    json.loads(body)


@given(st.text(alphabet=st.sampled_from("\\ud8cDF0"), max_size=24))
def test_an_escape_is_taken_only_if_it_spells_text(escapes: str) -> None:
    body = b'{"unknown":"%b"}' % escapes.encode()
    try:
        decode(body, Outer)
    except Invalid:
        with pytest.raises(ValueError):
            json.loads(body)["unknown"].encode()
        return
    assert json.loads(body)["unknown"].encode() is not None
