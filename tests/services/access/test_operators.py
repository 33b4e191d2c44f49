"""Sign-ins against changes made at the same moment; the rest is in tests/handlers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.access.login_attempts import LoginAttempts
from services.access.operators import NewOperator, OperatorChange, Operators
from services.access.passwords import Passwords
from services.access.tokens import Tokens
from services.errors import Refusal, TooMany, Unauthorized
from services.store import Database
from services.store.ledger import Ledger
from tests.domain import Journal

TOKENS = Tokens("a-secret-of-the-tests-that-is-long-enough")


@asynccontextmanager
async def opened(tmp_path: Path, **options: float) -> AsyncIterator[Operators]:
    ledger = Ledger(Database(f"sqlite:///{tmp_path}/pulso.db"), Journal())
    await ledger.open()
    operators = Operators(ledger, TOKENS, **options)  # type: ignore[arg-type]
    await operators.open("the first password")
    try:
        yield operators
    finally:
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


def test_guesses_side_by_side_count_from_their_beginning() -> None:
    attempts = LoginAttempts()
    for _ in range(5):
        attempts.begin("ana", "1.2.3.4")
    with pytest.raises(TooMany) as refusal:
        attempts.begin("ana", "1.2.3.4")
    assert 1 <= int(refusal.value.headers["Retry-After"]) <= 60
    attempts.begin("ana", "5.6.7.8")
    attempts.begin("eva", "1.2.3.4")
    attempts.succeed("ana", "1.2.3.4")
    attempts.begin("ana", "1.2.3.4")


def test_guesses_are_forgotten_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("services.access.login_attempts.time.monotonic", lambda: now)
    attempts = LoginAttempts()
    for _ in range(5):
        attempts.begin("ana", "a")
    now += 61
    attempts.begin("eva", "a")
    assert list(attempts._begun) == [("eva", "a")]


@pytest.mark.gen_test(timeout=20)
async def test_a_kept_password_is_no_password_and_matches_only_its_own() -> None:
    passwords = Passwords()
    kept = await passwords.hash("the password")
    assert kept.startswith("$argon2id$")
    assert await passwords.match(kept, "the password")
    assert not await passwords.match(kept, "another")
    assert not await passwords.match(None, "the password")
    assert not await passwords.match("no hash at all", "the password")
