"""Guesses: counted, refused, and made to wait their turn."""

import asyncio
import time

import pytest

from services.access import login_attempts
from services.access.login_attempts import LoginAttempts
from services.errors import TooMany


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def guess(attempts: LoginAttempts, name: str, address: str, *, right: bool = False) -> None:
    async with attempts.turn(name, address):
        if right:
            attempts.succeeded(name, address)
        else:
            attempts.failed(name, address)


@pytest.mark.gen_test
async def test_five_failures_of_a_name_and_an_address_refuse_the_sixth() -> None:
    attempts = LoginAttempts(2)
    for _ in range(5):
        await guess(attempts, "ana", "1.2.3.4")
    with pytest.raises(TooMany) as refusal:
        await guess(attempts, "ana", "1.2.3.4")
    assert 1 <= int(refusal.value.headers["Retry-After"]) <= 60
    await guess(attempts, "ana", "5.6.7.8")
    await guess(attempts, "eva", "1.2.3.4")


@pytest.mark.gen_test
async def test_guesses_side_by_side_count_as_if_one_after_the_other() -> None:
    attempts = LoginAttempts(8)
    found = await asyncio.gather(
        *(guess(attempts, "ana", "1.2.3.4") for _ in range(12)), return_exceptions=True
    )
    assert [type(one) for one in found] == [type(None)] * 5 + [TooMany] * 7


@pytest.mark.gen_test
async def test_a_right_password_forgets_what_failed_before() -> None:
    attempts = LoginAttempts(2)
    for _ in range(3):
        for _ in range(4):
            await guess(attempts, "ana", "a")
        await guess(attempts, "ana", "a", right=True)
    assert not attempts._failed
    assert not attempts._counts


@pytest.mark.gen_test
async def test_an_address_may_fail_so_often_over_all_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(login_attempts, "FAILURES_OF_ADDRESS", 7)
    attempts = LoginAttempts(2)
    for n in range(7):
        await guess(attempts, f"name {n}", "a")
    with pytest.raises(TooMany):
        await guess(attempts, "ana", "a")
    await guess(attempts, "ana", "b")


@pytest.mark.gen_test
async def test_failures_are_forgotten_after_a_minute() -> None:
    clock = Clock()
    attempts = LoginAttempts(2, clock)
    for _ in range(5):
        await guess(attempts, "ana", "a")
    clock.now += 61
    await guess(attempts, "ana", "a")
    assert len(attempts._failed) == 1
    assert dict(attempts._counts) == {("a", "ana"): 1, ("a", None): 1}


@pytest.mark.gen_test
async def test_forgetting_costs_what_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before: every attempt walked over all there were, 5,000 of them in a crowd."""
    attempts = LoginAttempts(2)
    for n in range(5_000):
        attempts.failed(f"name {n}", f"{n}")
    looked_at = 0

    class Counting:
        now = time.monotonic()

        def __call__(self) -> float:
            nonlocal looked_at
            looked_at += 1
            return self.now

    attempts._clock = Counting()
    await guess(attempts, "ana", "a")
    assert looked_at < 10


@pytest.mark.gen_test
async def test_addresses_take_turns_and_those_without_a_failure_come_first() -> None:
    attempts = LoginAttempts(1)
    attempts.failed("ana", "guilty")
    order: list[str] = []
    free = asyncio.Event()

    async def check(address: str) -> None:
        async with attempts.turn("ana", address):
            order.append(address)
            await free.wait()

    work = [asyncio.ensure_future(check("first"))]
    await asyncio.sleep(0)
    for address in ("guilty", "guilty", "crowd", "crowd", "crowd", "clean"):
        work.append(asyncio.ensure_future(check(address)))
    await asyncio.sleep(0)
    free.set()
    await asyncio.gather(*work)
    assert order[:3] == ["first", "crowd", "clean"]
    assert order[-2:] == ["guilty", "guilty"]


@pytest.mark.gen_test
async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_attempts, "WAITING_OF_ADDRESS", 3)
    monkeypatch.setattr(login_attempts, "WAITING", 5)
    attempts = LoginAttempts(1)
    free = asyncio.Event()

    async def check(address: str) -> None:
        async with attempts.turn("ana", address):
            await free.wait()

    work = [asyncio.ensure_future(check("a")) for _ in range(6)]
    await asyncio.sleep(0)
    work += [asyncio.ensure_future(check(str(n))) for n in range(4)]
    await asyncio.sleep(0)
    free.set()
    found = await asyncio.gather(*work, return_exceptions=True)
    # One is checked and three of its address wait; of the others two find a place.
    assert [isinstance(one, TooMany) for one in found] == [False] * 4 + [True] * 2 + [False] * 2 + [
        True
    ] * 2


@pytest.mark.gen_test
async def test_who_gives_up_waiting_takes_no_turn() -> None:
    attempts = LoginAttempts(1)
    free = asyncio.Event()

    async def check() -> None:
        async with attempts.turn("ana", "a"):
            await free.wait()

    work = [asyncio.ensure_future(check()) for _ in range(4)]
    await asyncio.sleep(0)
    for one in work[1:3]:
        one.cancel()
    await asyncio.sleep(0)
    free.set()
    await asyncio.gather(*work, return_exceptions=True)
    await guess(attempts, "ana", "a")
    assert (attempts._free, attempts._busy, attempts._count) == (1, set(), 0)
    assert not attempts._waiting
