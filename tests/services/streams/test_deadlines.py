"""Many deadlines on one timer, on a clock of the tests' own."""

from collections.abc import Iterator

import pytest

from services.streams.deadlines import Deadlines
from tests.services.bus.bus_model import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def move(loop: Loop, seconds: float) -> None:
    loop.now += seconds
    loop.settle()


def test_each_is_called_once_in_its_order(loop: Loop) -> None:
    deadlines, called = Deadlines(), []
    for when in (3.0, 1.0, 2.0, 1.0):
        loop.call(lambda when=when: deadlines.at(loop.now + when, lambda: called.append(when)))
    move(loop, 0.9)
    assert called == []
    move(loop, 0.2)
    assert called == [1.0, 1.0]
    move(loop, 10)
    assert called == [1.0, 1.0, 2.0, 3.0]
    move(loop, 10)
    assert len(called) == 4


def test_what_is_past_comes_soon(loop: Loop) -> None:
    deadlines, called = Deadlines(), []
    loop.call(lambda: deadlines.at(loop.now - 5, lambda: called.append("late")))
    loop.settle()
    assert called == ["late"]


def test_what_was_cancelled_is_not_called_nor_kept(loop: Loop) -> None:
    deadlines, called = Deadlines(), []

    def take_and_cancel() -> None:
        for _ in range(1000):
            deadlines.at(loop.now + 1000, lambda: called.append("x")).cancel()

    loop.call(take_and_cancel)
    assert len(deadlines._heap) < 200
    kept = loop.call(lambda: deadlines.at(loop.now + 1, lambda: called.append("kept")))
    move(loop, 2)
    kept.cancel()
    kept.cancel()
    move(loop, 2000)
    assert called == ["kept"]
    assert deadlines._heap == []
    assert deadlines.cancelled == 0


def test_one_that_fails_takes_no_other_with_it(loop: Loop) -> None:
    deadlines, called, failures = Deadlines(), [], []
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    loop.call(lambda: deadlines.at(loop.now + 1, lambda: called[5]))
    loop.call(lambda: deadlines.at(loop.now + 1, lambda: called.append("next")))
    loop.call(lambda: deadlines.at(loop.now + 2, lambda: called.append("later")))
    move(loop, 1.5)
    move(loop, 1)
    assert called == ["next", "later"]
    assert [type(failure) for failure in failures] == [IndexError]


def test_a_callback_may_set_another(loop: Loop) -> None:
    deadlines, called = Deadlines(), []

    def again() -> None:
        called.append(loop.now)
        if len(called) < 3:
            deadlines.at(loop.now + 1, again)

    loop.call(lambda: deadlines.at(loop.now + 1, again))
    for _ in range(5):
        move(loop, 1)
    assert len(called) == 3


def test_once_closed_nothing_is_called(loop: Loop) -> None:
    deadlines, called = Deadlines(), []
    loop.call(lambda: deadlines.at(loop.now + 1, lambda: called.append("x")))
    deadlines.close()
    move(loop, 5)
    assert called == []
