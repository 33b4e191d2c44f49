"""Ids: what is one of ours, and that they order the same as text and as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bus.cursor import Cursor, new_epoch


@given(st.lists(st.integers(0, 10**12 - 1), min_size=2))
def test_ids_of_one_epoch_order_as_their_numbers_do(numbers: list[int]) -> None:
    epoch = new_epoch()
    ids = [str(Cursor(epoch, number)) for number in numbers]
    assert sorted(ids) == [str(Cursor(epoch, number)) for number in sorted(numbers)]
    assert [Cursor.parse(text) for text in ids] == [Cursor(epoch, number) for number in numbers]


def test_an_id_is_short_and_of_plain_characters() -> None:
    text = str(Cursor(new_epoch(), 7))
    assert len(text) <= 64
    assert set(text) <= set("0123456789abcdef-")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "-",
        "0123456789abcdef",
        "0123456789abcdef-7",
        "0123456789abcdef-0000000000001",
        "0123456789ABCDEF-000000000001",
        "0123456789abcdeg-000000000001",
        "0123456789abcdef-000000000001\n",
        " 0123456789abcdef-000000000001",
        "0123456789abcdef-00000000000²",
        "٠123456789abcdef-000000000001",
        "0123456789abcdef--00000000001",
        "9" * 100_000,
        "1763966400000-0",
    ],
)
def test_what_is_none_of_ours_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None


def test_two_epochs_differ() -> None:
    assert len({new_epoch() for _ in range(50)}) == 50
