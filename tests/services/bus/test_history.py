"""What each bot remembers, and that it never forgets in silence."""

from services.bus.history import Entry, History, in_order


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


def test_trim_holds_every_bot_to_a_smaller_bound() -> None:
    history = filled(History(9, 60), *map(entry, range(1, 6)))
    history.events = 2
    history.trim()
    assert history.since("a", 2, 0) is None
    assert seqs(history.since("a", 3, 0)) == [4, 5]


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
