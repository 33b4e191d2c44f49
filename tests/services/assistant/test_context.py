"""What a model gets to read of a long chat."""

import pytest

from services.assistant.context import newest
from services.assistant.engine import Turn


def turn(text: str) -> Turn:
    return Turn(text, False)


def test_a_short_chat_is_read_whole() -> None:
    chat = [turn("hola"), Turn("¿sí?", True), turn("mi pedido")]
    assert newest(chat, 3000) == chat
    assert newest([], 3000) == []


def test_of_a_long_one_the_newest_turns_that_fit() -> None:
    chat = [turn(f"{n}" * 30) for n in range(10)]  # 14 tokens each
    assert newest(chat, 14 * 3) == chat[-3:]
    assert newest(chat, 14 * 3 + 13) == chat[-3:]


@pytest.mark.parametrize("text", ["x" * 1000, "ñ" * 1000, "😀" * 1000])
def test_of_a_message_that_is_too_long_its_end(text: str) -> None:
    [kept] = newest([turn("hola"), turn(text)], 100)
    assert 0 < len(kept.text.encode()) <= 300
    assert text.endswith(kept.text)
