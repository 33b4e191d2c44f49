"""In order for each bot, side by side for several, and never stuck."""

import asyncio

import pytest

from services.errors import Unavailable
from services.whatsapp import intake as module
from services.whatsapp.gateway import Acked, Connecting, GatewayEvent, MessageArrived
from services.whatsapp.intake import Intake


def event(bot_id: str, attempt: int = 1) -> GatewayEvent:
    return Connecting(bot_id=bot_id, attempt=attempt)


@pytest.mark.gen_test
async def test_a_bots_events_are_taken_one_after_the_other(caplog) -> None:
    taken: list[int] = []

    async def take(event: GatewayEvent) -> None:
        assert isinstance(event, Connecting)
        await asyncio.sleep(0.001 * (5 - event.attempt))
        taken.append(event.attempt)

    intake = Intake()
    intake.open({Connecting: take})
    for attempt in range(5):
        intake.feed(event("b", attempt))
    await intake.settled()
    assert taken == [0, 1, 2, 3, 4]


@pytest.mark.gen_test
async def test_a_slow_bot_holds_nobody_up() -> None:
    free, done = asyncio.Event(), asyncio.Event()

    async def take(event: GatewayEvent) -> None:
        if event.bot_id == "slow":
            await free.wait()
        else:
            done.set()

    intake = Intake()
    intake.open({Connecting: take})
    intake.feed(event("slow"))
    intake.feed(event("quick"))
    await done.wait()
    free.set()
    await intake.settled()


@pytest.mark.gen_test
async def test_what_fails_is_logged_and_the_next_is_taken(caplog) -> None:
    taken: list[int] = []

    async def take(event: GatewayEvent) -> None:
        assert isinstance(event, Connecting)
        if event.attempt == 1:
            raise RuntimeError("a bug")
        taken.append(event.attempt)

    intake = Intake()
    intake.open({Connecting: take})
    intake.feed(event("b", 1))
    intake.feed(event("b", 2))
    await intake.settled()
    assert taken == [2]
    assert "a bug" in caplog.text


@pytest.mark.gen_test
async def test_an_event_waits_for_a_store_out_of_reach() -> None:
    tries: list[int] = []

    async def take(event: GatewayEvent) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("locked")

    intake = Intake()
    intake.open({Connecting: take})
    intake.feed(event("b"))
    await intake.settled()
    assert len(tries) == 2


@pytest.mark.gen_test
async def test_closing_waits_for_what_has_come_and_no_longer_than_asked() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def take(event: GatewayEvent) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    intake = Intake()
    intake.open({Connecting: take})
    intake.feed(event("b"))
    await begun.wait()
    await intake.close(seconds=0.01)
    assert ended.is_set()
    intake.feed(event("b"))
    await intake.settled()


def message(n: int) -> GatewayEvent:
    return MessageArrived(
        bot_id="b", chat_id="1@s.whatsapp.net", message_id=f"M{n}", text="", timestamp=float(n)
    )


@pytest.mark.gen_test
async def test_messages_that_wait_are_begun_together_and_in_order() -> None:
    begun: list[float] = []
    free = asyncio.Event()

    async def take(event: MessageArrived) -> None:
        begun.append(event.timestamp)
        await free.wait()

    async def connecting(event: Connecting) -> None:
        begun.append(-1)

    intake = Intake()
    intake.open({MessageArrived: take, Acked: take, Connecting: connecting})
    for n in range(100):
        intake.feed(message(n))
    intake.feed(event("b"))
    intake.feed(message(100))
    await asyncio.sleep(0.01)
    assert begun == list(range(module.LONGEST_RUN))
    free.set()
    await intake.settled()
    # What is no message comes after those before it and before those behind it.
    assert begun == [*range(100), -1, 100]


@pytest.mark.gen_test(timeout=20)
async def test_a_run_that_meets_trouble_goes_on_where_it_met_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", (0.001,))
    stored: list[float] = []
    attempts = 0

    async def take(event: MessageArrived) -> None:
        nonlocal attempts
        attempts += event.timestamp == 4
        # Out of reach from the fifth message on, more often than there are pauses.
        if event.timestamp >= 4 and attempts < 7:
            raise Unavailable("locked")
        stored.append(event.timestamp)

    intake = Intake()
    intake.open({MessageArrived: take})
    fed = [intake.feed(message(n)) for n in range(10)]
    await intake.settled()
    assert stored == [float(n) for n in range(10)]
    assert [done.result() for done in fed] == [True] * 10


@pytest.mark.gen_test
async def test_who_feeds_hears_what_became_of_an_event(caplog: pytest.LogCaptureFixture) -> None:
    async def take(event: MessageArrived) -> None:
        if event.timestamp == 1:
            raise RuntimeError("a bug")
        if event.timestamp == 2:
            await asyncio.Event().wait()

    intake = Intake()
    intake.open({MessageArrived: take})
    good, bad, stuck = (intake.feed(message(n)) for n in range(3))
    behind = intake.feed(event("b"))
    await asyncio.sleep(0.01)
    await intake.close(seconds=0.01)
    late = intake.feed(message(9))
    assert [await one for one in (stuck, behind, late)] == [False, False, False]
    assert "events were not stored before the stop" in caplog.text
    # Of a run that ended with the stop nobody knows which were stored: none is promised.
    assert not (good.result() and bad.result())
