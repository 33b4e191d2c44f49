"""Which characters are refused where."""

import pytest

from services.text import CONTROL, NOT_IN_TEXT


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\x7f", "\x80", "\x9f", "\x0b", "\r"])
def test_control_characters_are_nowhere(character: str) -> None:
    assert CONTROL.search(f"a{character}b")
    assert NOT_IN_TEXT.search(f"a{character}b")


@pytest.mark.parametrize("character", ["\n", "\t", "\u2028", "\u2029"])
def test_what_parts_lines_is_in_messages_only(character: str) -> None:
    assert CONTROL.search(f"a{character}b")
    assert not NOT_IN_TEXT.search(f"a{character}b")


@pytest.mark.parametrize("character", [" ", "ñ", "\u00a0", "\u200d", "🙂"])
def test_letters_blanks_and_emoji_are_everywhere(character: str) -> None:
    assert not CONTROL.search(f"a{character}b")
    assert not NOT_IN_TEXT.search(f"a{character}b")
