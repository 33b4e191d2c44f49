import os
import subprocess
import sys

import pytest

from bench.measuring import cpu_seconds, percentile, processes, resident_kib


@pytest.mark.parametrize(
    ("part", "expected"), [(0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    part: float, expected: float
) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], part) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_a_process_and_its_children_are_counted_together() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in processes(os.getpid())
        assert resident_kib(processes(os.getpid())) > resident_kib([os.getpid()])
        child.communicate(b"\n")


def test_work_done_shows_as_cpu_time() -> None:
    before = cpu_seconds([os.getpid()])
    sum(range(2_000_000))
    assert cpu_seconds([os.getpid()]) > before


def test_a_process_that_is_gone_counts_as_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert cpu_seconds([child.pid]) == 0
    assert resident_kib([child.pid]) == 0
