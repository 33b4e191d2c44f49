"""Events joined into one write, and those a newer one replaces left out."""

from services.bus.block import Block, conflated, to_blocks
from services.bus.history import Entry


def entry(seq: int, key: str | None = None, size: int = 9) -> Entry:
    return Entry(seq, "b1", b"%d" % (seq % 10) * size, 0.0, (key,) if key else None)


def test_a_block_is_its_frames_in_order_and_knows_its_newest() -> None:
    block = Block([entry(1, size=2), entry(2, size=3)])
    assert block.data == b"11222"
    assert block.chunk == b"5\r\n11222\r\n"
    assert block.chunk is block.chunk
    assert block.seq == 2


def test_many_events_become_blocks_of_64_kib_at_most() -> None:
    made = to_blocks([entry(n, size=30_000) for n in range(1, 6)])
    assert [[e.seq for e in block.entries] for block in made] == [[1, 2], [3, 4], [5]]
    assert all(len(block.data) <= 65_536 for block in made)


def test_a_larger_event_stands_alone_and_whole() -> None:
    made = to_blocks([entry(1), entry(2, size=70_000), entry(3)])
    assert [len(block.data) for block in made] == [9, 70_000, 9]
    assert len(to_blocks([entry(1, size=70_000)])[0].data) == 70_000


def test_only_the_newest_of_a_key_stays_and_the_order_too() -> None:
    entries = [entry(1, "a"), entry(2), entry(3, "b"), entry(4, "a"), entry(5), entry(6, "b")]
    assert [e.seq for e in conflated(entries)] == [2, 4, 5, 6]


def test_without_keys_nothing_is_left_out() -> None:
    entries = [entry(n) for n in range(5)]
    assert conflated(entries) == entries
    assert conflated([]) == []
