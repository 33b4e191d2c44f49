"""What each bot remembers, and that it never forgets in silence."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from services.bus import history as history_module
from services.bus.history import ENTRY_BYTES, Entry, History, in_order


def entry(seq: int, bot: str = "a", at: float = 0.0) -> Entry:
    return Entry(seq, bot, b"%d" % seq, at)


def seqs(entries: list[Entry] | None) -> list[int] | None:
    return None if entries is None else [e.seq for e in entries]


def filled(history: History, *found: Entry) -> History:
    for one in found:
        history.append(one)
    return history


def test_gives_the_events_after_a_place_oldest_first() -> None:
    history = filled(History(10, 60), entry(1), entry(2), entry(3))
    assert seqs(history.since("a", 1, 0)) == [2, 3]
    assert seqs(history.since("a", 3, 0)) == []


def test_an_unknown_bot_has_missed_nothing() -> None:
    assert filled(History(10, 60), entry(1)).since("other", 0, 0) == []


def test_says_none_where_an_event_after_the_place_was_dropped_by_number() -> None:
    history = filled(History(2, 60), *map(entry, range(1, 5)))
    assert history.since("a", 1, 0) is None
    assert seqs(history.since("a", 2, 0)) == [3, 4]


def test_says_none_where_an_event_after_the_place_was_dropped_by_age() -> None:
    history = filled(History(9, 60), entry(1, at=0), entry(2, at=50))
    assert seqs(history.since("a", 0, 60)) == [1, 2]
    assert history.since("a", 0, 61) is None
    assert seqs(history.since("a", 1, 61)) == [2]


def test_a_noisy_bot_evicts_nobody_elses_events() -> None:
    history = filled(History(2, 60), entry(1, "quiet"), *(entry(n, "loud") for n in range(2, 50)))
    assert seqs(history.since("quiet", 0, 0)) == [1]


def test_with_room_for_nothing_every_missed_event_is_a_gap() -> None:
    history = filled(History(0, 60), entry(1))
    assert history.since("a", 0, 0) is None
    assert history.since("a", 1, 0) == []


def test_sweep_forgets_the_old_events_of_quiet_bots() -> None:
    history = filled(History(9, 60), entry(1, "quiet", at=0))
    history.sweep(61)
    assert not history.bots["quiet"].entries
    assert history.since("quiet", 0, 61) is None


def test_what_is_restored_is_held_to_a_smaller_bound() -> None:
    history = History(2, 60)
    history.restore(0, {"a": 0, "b": 2}, [*map(entry, range(3, 8)), entry(8, "b")])
    assert history.since("a", 4, 0) is None
    assert seqs(history.since("a", 5, 0)) == [6, 7]
    assert history.since("b", 1, 0) is None
    assert seqs(history.since("b", 2, 0)) == [8]


def sized(seq: int, bot: str, at: float = 0.0) -> Entry:
    return Entry(seq, bot, b"x" * (1000 - ENTRY_BYTES), at)


def test_beyond_its_bytes_the_oldest_event_goes_whosever_it_is() -> None:
    history = History(100, 60, 5000)
    filled(history, *(sized(n, f"bot-{n}") for n in range(1, 6)))
    assert [seqs(history.since(f"bot-{n}", 0, 0)) for n in range(1, 6)] == [[1], [2], [3], [4], [5]]
    filled(history, sized(6, "bot-5"), sized(7, "new"))
    assert history.held_bytes == 5000
    assert history.since("bot-1", 0, 0) is None
    assert history.since("bot-2", 0, 0) is None
    assert history.since("bot-2", 2, 0) == []
    assert seqs(history.since("bot-5", 0, 0)) == [5, 6]


def test_an_event_larger_than_all_room_is_a_gap_and_nothing_is_held() -> None:
    history = filled(History(100, 60, 900), sized(1, "a"))
    assert history.since("a", 0, 0) is None
    assert history.held_bytes == 0


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 30)), max_size=300),
    st.integers(0, 6),
)
def test_what_is_held_is_the_newest_within_every_bound(
    published: list[tuple[str, int]], events: int
) -> None:
    history, now, model = History(events, 20, 12_000), 0.0, list[Entry]()
    with patch.object(history_module, "_COMPACT_FROM", 4):
        for seq, (bot, wait) in enumerate(published, 1):
            now += wait / 10
            history.append(one := sized(seq, bot, now))
            mine = [e for e in model if e.bot_id == bot and e.at >= now - 20] + [one]
            model = [e for e in model if e.bot_id != bot] + mine[max(0, len(mine) - events) :]
            model = sorted(model, key=lambda e: e.seq)[-12:]
            held = [e for bot_history in history.bots.values() for e in bot_history.entries]
            assert in_order([held]) == model
            assert history.held_bytes == 1000 * len(model)


def test_beyond_its_bots_the_longest_silent_are_told_as_gaps() -> None:
    history = History(9, 60)
    history.MAX_BOTS = 2
    filled(history, entry(1, "a"), entry(2, "b"), entry(3, "a"), entry(4, "c"))
    assert set(history.bots) == {"a", "c"}
    assert history.since("b", 1, 0) is None
    assert history.since("b", 2, 0) == []


def test_a_bot_heard_of_again_after_it_was_folded_still_tells_its_gap() -> None:
    history = History(9, 60)
    history.MAX_BOTS = 1
    filled(history, entry(1, "a"), entry(2, "b"), entry(3, "a"))
    assert history.since("a", 0, 0) is None
    assert seqs(history.since("a", 2, 0)) == [3]


def test_several_bots_events_come_as_one_by_number() -> None:
    merged = in_order([[entry(1), entry(4)], [], [entry(2, "b"), entry(3, "b")]])
    assert seqs(merged) == [1, 2, 3, 4]
