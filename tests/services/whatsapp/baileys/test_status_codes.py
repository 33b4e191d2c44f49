import pytest

from services.whatsapp.baileys.status_codes import JITTER, LONGEST_WAIT, verdict, wait


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (515, "again"),
        (428, "retry"),
        (408, "retry"),
        (503, "retry"),
        (500, "retry"),
        (440, "stop"),
        (401, "forget"),
        (402, "stop"),
        (403, "stop"),
        (406, "stop"),
        (405, "stop"),
        (409, "stop"),
        (411, "stop"),
        (499, "retry"),
        (None, "retry"),
    ],
)
def test_each_code_leads_to_one_step_and_says_why(code, step):
    assert verdict(code).step == step
    assert verdict(code).reason


def test_waits_double_from_a_second_to_half_a_minute():
    for attempt, seconds in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
        assert seconds * (1 - JITTER) <= wait(attempt) <= seconds * (1 + JITTER)
    assert wait(10_000) <= LONGEST_WAIT * (1 + JITTER)


def test_bots_do_not_come_back_in_the_same_moment():
    assert len({wait(5) for _ in range(20)}) > 1
