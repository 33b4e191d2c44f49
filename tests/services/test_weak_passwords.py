"""What anybody would try first is no password."""

import pytest

from services.weak_passwords import COMMON, is_weak


@pytest.mark.parametrize("password", ["password", " PassWord ", "12345678", "zzzzzzzz", "Eva-Luna"])
def test_what_is_tried_first_is_weak(password: str) -> None:
    assert is_weak(password, "eva-luna")


def test_another_is_not() -> None:
    assert not is_weak("eva-luna-44", "eva-luna")
    assert not is_weak("a password of the tests", "admin")


def test_the_common_ones_could_be_chosen_at_all() -> None:
    assert all(len(password) >= 8 and password == password.casefold() for password in COMMON)
