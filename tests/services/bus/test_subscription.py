"""One reader's place: its bounds, what is conflated, and how it ends."""

import asyncio

import pytest
from tornado.util import TimeoutError as NothingCame

from services.bus.block import Block
from services.bus.control_events import TokenExpiring
from services.bus.event_bus import EventBus
from services.bus.events import BotQr, Event, Message, MessageReceived
from services.bus.subscription import Remainder, Subscription

EXPIRING = TokenExpiring(stream_id="s", expires_at="2026-01-01T00:00:00.000Z")


def received(content: str, bot: str = "b1") -> Event:
    return MessageReceived(
        bot_id=bot, session_id="s", message=Message(id=content[:9], content=content)
    )


def qr(text: str) -> Event:
    return BotQr(bot_id="b1", qr=text)


def bus_with(events: int = 4, size: int = 100_000) -> EventBus:
    return EventBus(coalesce_ms=0, backlog=(events, size))


async def all_of(subscription: Subscription) -> list[bytes]:
    """The data of everything that waits, in order."""
    found = []
    while True:
        try:
            item = await subscription.next(timeout=0)
        except NothingCame:
            return found
        if item is None:
            return found
        assert isinstance(item, Block)
        found += [entry.frame for entry in item.entries]


@pytest.mark.gen_test
async def test_a_reader_with_nothing_waiting_takes_any_number_at_once() -> None:
    bus = bus_with(events=4, size=1000)
    with bus.subscribe(["b1"]) as reader:
        bus.publish_all([received("x" * 500 + str(n)) for n in range(1000)])
        assert reader.closing is None
        assert len(await all_of(reader)) == 1000


@pytest.mark.gen_test
async def test_a_full_reader_is_closed_as_slow_and_gets_nothing_of_what_waited() -> None:
    bus = bus_with(events=4)
    with bus.subscribe(["b1"]) as reader:
        for n in range(5):
            bus.publish(received(str(n)))
        assert reader.closing == "slow"
        assert await reader.next() is None
        assert reader.waiting_events == reader.waiting_bytes == 0
        assert bus.subscriptions == 0


@pytest.mark.gen_test
async def test_bytes_close_a_reader_too() -> None:
    bus = bus_with(events=1000, size=3000)
    with bus.subscribe(["b1"]) as reader:
        bus.publish(received("x" * 1000))
        bus.publish(received("y" * 1000))
        assert reader.closing is None
        bus.publish(received("z" * 1000))
        assert reader.closing == "slow"


@pytest.mark.gen_test
async def test_a_full_reader_keeps_every_message_and_the_newest_of_the_rest() -> None:
    bus = bus_with(events=4)
    with bus.subscribe(["b1"]) as reader:
        for event in (received("1"), qr("old"), received("2"), qr("older"), qr("new")):
            bus.publish(event)
        assert reader.closing is None
        waiting = await all_of(reader)
        assert [b'"qr":"new"' in frame for frame in waiting] == [False, False, True]
        assert bus.pressure.conflated == 2


@pytest.mark.gen_test
async def test_a_backlog_is_counted_while_its_reader_lives() -> None:
    bus = bus_with(events=4)
    with bus.subscribe(["b1"]):
        for n in range(3):
            bus.publish(qr(str(n)))
        assert (bus.pressure.high_water, bus.pressure.conflated) == (3, 0)
        for n in range(3):
            bus.publish(qr(str(n)))
        assert (bus.pressure.high_water, bus.pressure.conflated) == (5, 4)
    assert (bus.pressure.high_water, bus.pressure.conflated) == (5, 4)


@pytest.mark.gen_test
async def test_an_idle_reader_is_written_to_at_once_and_has_nothing_waiting() -> None:
    bus = bus_with()
    taken: list[bytes] = []

    def outlet(block: Block) -> bytes:
        taken.append(block.data)
        return b""

    with bus.subscribe(["b1"]) as reader:
        following = asyncio.ensure_future(reader.next(outlet))
        await asyncio.sleep(0)
        bus.publish(received("one"))
        bus.publish(received("two"))
        assert len(taken) == 2
        assert reader.waiting_events == 0
        assert reader.seq == 2
        reader.close("renew")
        assert await following is None
        assert reader.seq == 2


@pytest.mark.gen_test
async def test_what_the_socket_did_not_take_comes_first_and_moves_the_place() -> None:
    bus = bus_with()
    with bus.subscribe(["b1"]) as reader:
        following = asyncio.ensure_future(reader.next(lambda block: block.data[3:]))
        await asyncio.sleep(0)
        bus.publish(received("one"))
        bus.publish(received("two"))
        assert reader.seq == 0
        rest = await following
        assert isinstance(rest, Remainder)
        assert rest.seq == 1
        assert rest.data.startswith(b" ") or rest.data.startswith(b": ")
        assert len(await all_of(reader)) == 1


@pytest.mark.gen_test
async def test_what_remains_of_a_cut_block_goes_out_even_when_the_stream_is_revoked() -> None:
    bus = bus_with()
    with bus.subscribe(["b1"]) as reader:
        following = asyncio.ensure_future(reader.next(lambda block: block.data[3:]))
        await asyncio.sleep(0)
        bus.publish(received("one"))
        reader.close("revoked")
        assert isinstance(await following, Remainder)
        assert await reader.next() is None


@pytest.mark.gen_test
async def test_a_graceful_end_lets_out_what_waits() -> None:
    bus = bus_with()
    with bus.subscribe(["b1"]) as reader:
        bus.publish(received("one"))
        reader.close("renew")
        bus.publish(received("too late"))
        assert len(await all_of(reader)) == 1


@pytest.mark.parametrize("reason", ["renew", "shutdown", "revoked"])
@pytest.mark.gen_test
async def test_no_live_event_follows_a_replay_that_was_cut_short(reason: str) -> None:
    bus = bus_with()
    after = bus.cursor()
    bus.publish(received("missed"))
    with bus.subscribe(["b1"], after) as reader:
        assert len(reader.replay) == 1
        bus.publish(received("live"))
        reader.close(reason)  # type: ignore[arg-type]
        assert await reader.next() is None
        assert bus.cursor_at(reader.seq) == after


@pytest.mark.gen_test
async def test_the_first_reason_to_end_stays() -> None:
    with bus_with().subscribe(["b1"]) as reader:
        reader.close("revoked")
        reader.close("shutdown")
    assert reader.closing == "revoked"


@pytest.mark.gen_test
async def test_a_notice_comes_after_what_waits_and_never_after_the_end() -> None:
    bus = bus_with()
    with bus.subscribe(["b1"]) as reader:
        bus.publish(received("one"))
        reader.announce(EXPIRING)
        assert isinstance(await reader.next(), Block)
        assert await reader.next() == EXPIRING
        reader.close("revoked")
        reader.announce(EXPIRING)
        assert await reader.next() is None
        with pytest.raises(NothingCame):
            await reader.next(timeout=0)


@pytest.mark.gen_test
async def test_a_notice_survives_conflation() -> None:
    bus = bus_with(events=2)
    with bus.subscribe(["b1"]) as reader:
        bus.publish(qr("old"))
        reader.announce(EXPIRING)
        for n in range(4):
            bus.publish(qr(str(n)))
        assert reader.closing is None
        items = [await reader.next(), await reader.next()]
        assert {type(item) for item in items} == {TokenExpiring, Block}


def test_leaving_the_block_gives_the_place_back_once() -> None:
    bus = bus_with()
    with bus.subscribe(["b1", "b2"]) as reader:
        assert bus.subscriptions == 2
    assert bus.subscriptions == 0
    reader.close("gone")
    assert bus.subscriptions == 0
