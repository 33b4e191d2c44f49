"""The scripted flows: the same chat, the same answer, in the customer's language."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assistant.engine import SilentEngine, Turn
from services.assistant.scripted import ScriptedEngine


async def answer_to(*texts: str) -> str:
    """The answer to a chat; a text that begins with ``>`` is ours."""
    history = [Turn(text.removeprefix(">"), text.startswith(">")) for text in texts]
    answer = await ScriptedEngine().answer(history)
    assert answer is not None
    return answer.text


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("Hola!", "¡Hola!"),
        ("hello there", "Hello!"),
        ("¿A qué hora abren?", "Abrimos"),
        ("what are your opening hours?", "We are open"),
        ("mi pedido 12345", "Tu pedido 12345"),
        ("where is my order 12345?", "Your order 12345"),
        ("¿dónde está mi pedido?", "¿Cuál es el número"),
        ("¡MUCHAS GRACIAS!", "¡De nada!"),
        ("ok thanks", "You're welcome"),
        ("adiós", "¡Hasta pronto!"),
        ("bye", "See you"),
        ("asdf qwer", "No te entendí"),
        ("can you sing?", "I'm not sure"),
    ],
)
@pytest.mark.gen_test
async def test_answers_in_the_language_of_the_question(asked: str, begins: str) -> None:
    assert (await answer_to(asked)).startswith(begins)


@pytest.mark.gen_test
async def test_a_bare_number_is_the_orders_once_it_was_asked_for() -> None:
    asked = await answer_to("where is my order?")
    answer = await answer_to("where is my order?", f">{asked}", "98765")
    assert answer.startswith("Your order 98765")
    assert (await answer_to("98765")).startswith("No te entendí")


@pytest.mark.gen_test
async def test_a_burst_is_answered_as_one_question() -> None:
    assert (await answer_to("hola", "mi pedido es", "4321")).startswith("Tu pedido 4321")


@pytest.mark.parametrize("asked", ["quiero hablar con una persona", "a human please"])
@pytest.mark.gen_test
async def test_who_asks_for_a_person_gets_one(asked: str) -> None:
    answer = await ScriptedEngine().answer([Turn(asked, False)])
    assert answer is not None and answer.hand_over


@pytest.mark.parametrize("history", [[], [Turn("hola", True)], [Turn("  ", False)]])
@pytest.mark.gen_test
async def test_says_nothing_where_nothing_was_asked(history: Sequence[Turn]) -> None:
    assert await ScriptedEngine().answer(history) is None
    assert await SilentEngine().answer(history) is None


@given(st.lists(st.builds(Turn, st.text(), st.booleans()), max_size=5))
def test_any_chat_at_all_has_an_answer_without_a_brace_left(history: list[Turn]) -> None:
    step = ScriptedEngine().answer(history)
    with pytest.raises(StopIteration) as stopped:
        step.send(None)
    answer = stopped.value.value
    assert answer is None or "{" not in answer.text
