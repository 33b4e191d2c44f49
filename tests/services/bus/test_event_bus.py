"""The bus: ids, ticks, the seam between replay and live. Any interleaving: test_event_bus_model."""

import asyncio
from typing import Any

import pytest

from services.bus.block import Block
from services.bus.event_bus import EventBus
from services.bus.events import Event, Message, MessageReceived
from services.bus.subscription import Start, Subscription
from tests.services.bus.bus_model import Loop


def received(bot: str, content: str = "hola") -> Event:
    return MessageReceived(bot_id=bot, session_id="s", message=Message(id="m", content=content))


class Taken:
    """An idle reader's socket: what it was given, tick by tick."""

    def __init__(self, subscription: Subscription) -> None:
        self.writes: list[list[int]] = []
        self.waiting = asyncio.ensure_future(subscription.next(self._take))

    def _take(self, block: Block) -> bytes:
        self.writes.append([entry.seq for entry in block.entries])
        return b""


async def idle(bus: EventBus, *bots: str, after: str | None = None) -> tuple[Any, Taken]:
    subscription = bus.subscribe(bots, after)
    taken = Taken(subscription)
    await asyncio.sleep(0)
    return subscription, taken


def test_a_bus_is_made_without_a_loop() -> None:
    assert EventBus().cursor().endswith("-000000000000")


@pytest.mark.gen_test
async def test_ids_grow_by_one_over_all_bots() -> None:
    bus = EventBus(coalesce_ms=0)
    ids = [
        bus.publish(received("a")),
        *bus.publish_all([received("b"), received("a")]),
        bus.publish(received("c")),
    ]
    assert ids == sorted(set(ids))
    assert [int(id_[-12:]) for id_ in ids] == [1, 2, 3, 4]
    assert bus.cursor() == ids[-1]
    assert bus.publish_all([]) == []


def test_the_first_event_after_quiet_goes_at_once_the_next_share_a_write() -> None:
    loop = Loop()
    bus = EventBus(coalesce_ms=30, clock=loop.time)
    reader = bus.subscribe(["a"])
    taken = loop.call(lambda: Taken(reader))
    loop.settle()
    loop.call(lambda: bus.publish(received("a")))
    assert taken.writes == [[1]]
    for _ in range(3):
        loop.call(lambda: bus.publish(received("a")))
    loop.now += 0.029
    loop.settle()
    assert taken.writes == [[1]]
    loop.now += 0.002
    loop.settle()
    assert taken.writes == [[1], [2, 3, 4]]
    loop.call(lambda: bus.publish(received("a")))
    assert len(taken.writes) == 2
    loop.now += 0.031
    loop.settle()
    loop.now += 0.031
    loop.call(lambda: bus.publish(received("a")))
    assert taken.writes == [[1], [2, 3, 4], [5], [6]]
    reader.close("gone")
    loop.run_until_complete(taken.waiting)
    loop.close()


@pytest.mark.gen_test
async def test_several_bots_of_one_stream_come_in_the_order_of_their_ids() -> None:
    bus = EventBus(coalesce_ms=0)
    reader, taken = await idle(bus, "a", "b")
    bus.publish_all([received("a"), received("c"), received("b"), received("a"), received("c")])
    assert taken.writes == [[1, 3, 4]]
    reader.close("gone")
    await taken.waiting


@pytest.mark.gen_test
async def test_readers_of_the_same_news_share_its_bytes() -> None:
    bus = EventBus(coalesce_ms=0)
    blocks: list[Block] = []
    readers = [bus.subscribe(["a"]) for _ in range(3)]
    readers += [bus.subscribe(["b", "c"]), bus.subscribe(["c", "b", "d"])]
    bus.publish_all([received("a"), received("b")])
    for reader in readers:
        item = await reader.next()
        assert isinstance(item, Block)
        blocks.append(item)
        reader.close("gone")
    assert blocks[0] is blocks[1] is blocks[2]
    assert blocks[3] is blocks[4]


@pytest.mark.gen_test
async def test_what_is_pending_at_a_subscribe_comes_once() -> None:
    bus = EventBus(coalesce_ms=10_000)
    after = bus.cursor()
    bus.publish(received("a"))
    bus.publish(received("a"))
    with bus.subscribe(["a"], after) as resumed, bus.subscribe(["a"]) as fresh:
        bus.publish(received("a"))
        assert [entry.seq for entry in resumed.replay.entries] == [1, 2]
        bus.close()
        for reader in (resumed, fresh):
            item = await reader.next()
            assert isinstance(item, Block)
            assert [entry.seq for entry in item.entries] == [3]


@pytest.mark.gen_test
async def test_each_bot_starts_in_its_own_way() -> None:
    bus = EventBus(coalesce_ms=0, history_events=2)
    after = bus.publish(received("quiet"))
    bus.publish_all([received("loud")] * 3)
    with bus.subscribe(["loud", "quiet", "new", "loud"], after) as reader:
        assert reader.starts == (
            Start("loud", gap="evicted", after=after),
            Start("quiet", resumed=True),
            Start("new", resumed=True),
        )
        assert bus.cursor_at(reader.seq) == after


@pytest.mark.gen_test
async def test_with_no_bot_to_resume_the_place_is_the_newest() -> None:
    bus = EventBus(coalesce_ms=0, history_events=1)
    after = bus.publish(received("a"))
    bus.publish_all([received("a")] * 2)
    with bus.subscribe(["a"], after) as reader:
        assert not reader.replay
        assert bus.cursor_at(reader.seq) == bus.cursor()


@pytest.mark.gen_test
async def test_a_feed_goes_on_where_it_was_left() -> None:
    bus, next_bus = EventBus(coalesce_ms=0), EventBus(coalesce_ms=0)
    left = bus.publish(received("a"))
    next_bus.restore(bus.epochs.lives(bus.seq))
    assert next_bus.cursor() == left
    assert next_bus.publish(received("a")) > left


@pytest.mark.gen_test
async def test_nothing_is_counted_twice() -> None:
    seen: list[float] = []
    bus = EventBus(coalesce_ms=0, observe=seen.append)
    reader, taken = await idle(bus, "a")
    bus.publish_all([received("a"), received("b")])
    assert bus.counts["delivered"] == 1
    assert bus.published == {"message:received": 2}
    assert all(0 <= seconds < 5 for seconds in seen)
    assert bus.subscriptions == 1
    reader.close("gone")
    await taken.waiting
    assert bus.subscriptions == 0
    bus.publish(received("a"))
    assert bus.counts["delivered"] == 1


@pytest.mark.gen_test
async def test_only_what_somebody_received_counts_as_written() -> None:
    seen: list[float] = []
    bus = EventBus(coalesce_ms=0, observe=seen.append)
    bus.publish_all([received("a"), received("nobody")])
    assert seen == []
    one, taken = await idle(bus, "a")
    both, also_taken = await idle(bus, "a", "b")
    bus.publish_all([received("a"), received("nobody"), received("b"), received("a")])
    assert len(seen) == 3
    for reader, waiting in ((one, taken.waiting), (both, also_taken.waiting)):
        reader.close("gone")
        await waiting
    with bus.subscribe(["a"]) as busy:
        bus.publish(received("a"))
        assert len(seen) == 3
        item = await busy.next()
        assert isinstance(item, Block)
        bus.wrote(item)
        assert len(seen) == 4


@pytest.mark.gen_test
async def test_a_reader_closed_while_a_tick_goes_round_hurts_no_other() -> None:
    bus = EventBus(coalesce_ms=0, backlog=(1, 100_000))
    slow, steady = bus.subscribe(["a"]), bus.subscribe(["a"])
    with slow, steady:
        bus.publish(received("a"))
        assert isinstance(await steady.next(), Block)
        bus.publish(received("a"))
        assert slow.closing == "slow"
        assert steady.closing is None
        assert isinstance(await steady.next(), Block)
