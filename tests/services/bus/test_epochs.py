"""Ids over several lives of a server: honoured where they are known, never given out twice."""

import pytest

from services.bus import cursor
from services.bus.epochs import REMEMBERED, Epochs


def lived(*ends: int) -> Epochs:
    """A server after lives that ended at these sequence numbers."""
    epochs = Epochs()
    for end in ends:
        following = Epochs()
        following.restore(epochs.lives(end))
        epochs = following
    return epochs


def test_each_number_belongs_to_the_life_that_gave_it_out() -> None:
    first = Epochs()
    second, third = Epochs(), Epochs()
    second.restore(first.lives(10))
    third.restore(second.lives(25))
    for seq, epoch in ((1, first), (10, first), (11, second), (25, second), (26, third)):
        assert third.cursor(seq).epoch == epoch.current


def test_a_life_that_published_nothing_leaves_no_trace() -> None:
    first, second = Epochs(), Epochs()
    second.restore(first.lives(10))
    assert second.lives(10) == first.lives(10)
    assert str(second.cursor(10)) == str(first.cursor(10))


def test_of_two_lives_after_one_neither_knows_the_others_ids() -> None:
    """A backup put back: what the life after it gave out is not honoured."""
    saved = Epochs().lives(10)
    one, other = Epochs(), Epochs()
    one.restore(saved)
    other.restore(saved)
    assert one.cursor(10) == other.cursor(10)
    assert one.cursor(11) != other.cursor(11)


def test_ids_increase_as_text_also_where_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Epochs()
    monkeypatch.setattr(cursor.time, "time", lambda: 1_000_000.0)
    second = Epochs()
    second.restore(first.lives(10))
    assert str(second.cursor(11)) > str(second.cursor(10)) == str(first.cursor(10))


def test_lives_long_gone_are_forgotten() -> None:
    ends = range(10, 10 * (REMEMBERED + 10), 10)
    epochs = lived(*ends)
    assert len(epochs.lives(10_000)) == REMEMBERED
