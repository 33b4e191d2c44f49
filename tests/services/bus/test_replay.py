"""What was missed: complete, in order, and shared by those who missed the same."""

from services.bus.history import Entry, History
from services.bus.replay import NOTHING, SHARED_BLOCKS, Replays


def entry(seq: int, bot: str = "a", size: int = 10) -> Entry:
    return Entry(seq, bot, b"%d" % (seq % 10) * size, 0.0)


def filled(*entries: Entry) -> History:
    history = History(10_000, 60)
    for one in entries:
        history.append(one)
    return history


def seqs(replays: Replays, seq: int, *bots: str) -> list[int]:
    replay = replays.after(seq, bots, 0.0)
    found = [e.seq for block in replay.blocks() for e in block.entries]
    assert [e.seq for e in replay.entries] == found
    assert len(replay) == len(found)
    return found


def test_several_bots_are_replayed_in_the_order_of_their_ids() -> None:
    replays = Replays(filled(entry(1), entry(2, "b"), entry(3, "c"), entry(4), entry(5, "b")))
    assert seqs(replays, 0, "a", "b") == [1, 2, 4, 5]
    assert seqs(replays, 2, "b", "a") == [4, 5]
    assert seqs(replays, 3, "a", "quiet") == [4]


def test_who_missed_nothing_gets_nothing() -> None:
    replays = Replays(filled(entry(1)))
    assert replays.after(1, ("a",), 0.0) is NOTHING
    assert replays.after(0, ("b",), 0.0) is NOTHING
    assert replays.after(0, (), 0.0) is NOTHING


def test_those_from_one_place_share_the_bytes_and_those_from_another_dont() -> None:
    replays = Replays(filled(entry(1), entry(2), entry(3)))
    first, second = replays.after(1, ("a",), 0.0), replays.after(1, ("a",), 0.0)
    assert first.block is second.block is not None
    assert first.block.data == b"2" * 10 + b"3" * 10
    assert replays.after(2, ("a",), 0.0).block is not first.block


def test_what_is_shared_never_lacks_a_newer_event() -> None:
    history = filled(entry(1), entry(2))
    replays = Replays(history)
    assert seqs(replays, 0, "a", "b") == [1, 2]
    history.append(entry(3, "b"))
    assert seqs(replays, 0, "a", "b") == [1, 2, 3]
    assert seqs(replays, 0, "a") == [1, 2]


def test_a_long_replay_is_made_block_by_block_and_not_kept() -> None:
    replays = Replays(filled(*(entry(n, size=30_000) for n in range(1, 6))))
    replay = replays.after(0, ("a",), 0.0)
    assert replay.block is None
    assert [[e.seq for e in block.entries] for block in replay.blocks()] == [[1, 2], [3, 4], [5]]
    assert not replays._shared


def test_what_is_kept_is_bounded() -> None:
    replays = Replays(filled(*(entry(n) for n in range(1, 1000))))
    for seq in range(900):
        replays.after(seq, ("a",), 0.0)
    assert len(replays._shared) == SHARED_BLOCKS
