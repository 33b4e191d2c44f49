"""In order for each bot, side by side for several, and never stuck."""

import asyncio

import pytest

from services.errors import Unavailable
from services.whatsapp.gateway import Connecting, GatewayEvent
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
