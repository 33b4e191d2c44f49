import pytest

from bench.table import markdown, number


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.8234, "0.82"), (12.34, "12.3"), (100.4, "100"), (500_000, "500,000")],
)
def test_a_number_shows_what_the_noise_allows(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_table_is_markdown_with_its_numbers_to_the_right() -> None:
    assert markdown(["what", "µs"], [["a delivery", "9.1"], ["b", "12"]]) == (
        "| what       |  µs |\n| ---------- | --: |\n| a delivery | 9.1 |\n| b          |  12 |"
    )
