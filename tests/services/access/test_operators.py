"""Sign-ins against changes made at the same moment; the rest is in tests/handlers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.access.accounts import NewOperator, OperatorChange
from services.access.operators import Operators
from services.access.passwords import Passwords
from services.access.tokens import Tokens
from services.errors import Refusal, TooMany, Unauthorized
from services.store import Database
from services.store.local_ledger import LocalLedger
from tests.domain import Journal

TOKENS = Tokens("a-secret-of-the-tests-that-is-long-enough")


@asynccontextmanager
async def opened(tmp_path: Path, **options: float) -> AsyncIterator[Operators]:
    ledger = LocalLedger(Database(f"sqlite:///{tmp_path}/pulso.db"), Journal())
    await ledger.open()
    operators = Operators(ledger, TOKENS, **options)  # type: ignore[arg-type]
    await operators.open("the first password")
    try:
        yield operators
    finally:
        operators.close()
        await ledger.close()


@pytest.mark.gen_test(timeout=20)
async def test_the_first_operator_is_made_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as operators:
        [first] = operators.all()
        assert (first.username, first.admin, first.bots) == ("admin", True, "*")
    async with opened(tmp_path) as operators:
        assert operators.all() == [first]
        assert (await operators.sign_in("admin", "the first password", "a")).token


@pytest.mark.gen_test(timeout=20)
async def test_no_sign_in_with_the_old_password_outlives_a_change_beside_it(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as operators:
        eva = await operators.add(NewOperator(username="eva", password="the old one"))
        found = await asyncio.gather(
            *(operators.sign_in("eva", "the old one", str(n)) for n in range(4)),
            operators.change(eva.id, OperatorChange(password="the new one")),
            return_exceptions=True,
        )
        for one in found[:4]:
            if isinstance(one, BaseException):
                assert isinstance(one, Unauthorized)
            else:
                with pytest.raises(Unauthorized):
                    operators.authorize(one.token)  # type: ignore[union-attr]


@pytest.mark.gen_test(timeout=20)
async def test_no_sign_in_outlives_a_removal_beside_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as operators:
        eva = await operators.add(NewOperator(username="eva", password="the old one"))
        found = await asyncio.gather(
            *(operators.sign_in("eva", "the old one", str(n)) for n in range(4)),
            operators.remove(eva.id),
            return_exceptions=True,
        )
        assert all(one is None or isinstance(one, Refusal) or one.token for one in found)  # type: ignore[union-attr]
        for one in found[:4]:
            if not isinstance(one, BaseException):
                with pytest.raises(Unauthorized):
                    operators.authorize(one.token)  # type: ignore[union-attr]


@pytest.mark.gen_test(timeout=20)
async def test_two_of_one_name_are_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as operators:
        found = await asyncio.gather(
            *(operators.add(NewOperator(username="eva", password="long enough")) for _ in range(3)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, Refusal) for one in found) == 2
        assert [operator.username for operator in operators.all()] == ["admin", "eva"]


@pytest.mark.gen_test(timeout=20)
async def test_a_sign_in_ends_by_its_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path, session_seconds=600) as operators:
        sign_in = await operators.sign_in("admin", "the first password", "a")
        claims = operators.authorize(sign_in.token)
        assert operators.still(claims) == claims
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 601)
        assert operators.still(claims) is None
        with pytest.raises(Unauthorized):
            operators.authorize(sign_in.token)


@pytest.mark.gen_test(timeout=20)
async def test_a_kept_password_is_no_password_and_matches_only_its_own() -> None:
    passwords = Passwords()
    kept = await passwords.hash("the password")
    assert kept.startswith("$argon2id$")
    assert await passwords.match(kept, "the password")
    assert not await passwords.match(kept, "another")
    assert not await passwords.match(None, "the password")
    assert not await passwords.match("no hash at all", "the password")
    passwords.close()


@pytest.mark.gen_test(timeout=30)
async def test_right_passwords_side_by_side_all_sign_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as operators:
        found = await asyncio.gather(
            *(operators.sign_in("admin", "the first password", "a") for _ in range(10))
        )
        assert len({sign_in.token for sign_in in found}) == 10


@pytest.mark.gen_test(timeout=60)
async def test_a_crowd_of_guesses_from_one_address_delays_nobody_elsewhere(
    tmp_path: Path,
) -> None:
    """Before: 400 guesses with different names delayed a right password by 41 s."""
    async with opened(tmp_path) as operators:
        done: list[str] = []

        async def guess(n: int) -> None:
            with contextlib.suppress(Refusal):
                await operators.sign_in(f"name {n}", "wrong password", "6.6.6.6")
            done.append("guess")

        crowd = [asyncio.ensure_future(guess(n)) for n in range(400)]
        await asyncio.sleep(0)
        assert (await operators.sign_in("admin", "the first password", "1.2.3.4")).token
        checked = [one for one in crowd if not one.done()]
        # Those that waited still wait: at most two of the crowd were checked meanwhile.
        assert len(checked) >= 15
        await asyncio.gather(*crowd)
        with pytest.raises(TooMany):
            for _ in range(40):
                with contextlib.suppress(Unauthorized):
                    await operators.sign_in("another name", "wrong", "6.6.6.6")
