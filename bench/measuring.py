"""What the kernel reports of a server: the CPU time and the memory of all its processes."""

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PROC = Path("/proc")
NANOSECOND = 1e-9


def processes(root: int) -> list[int]:
    """The pid and those of its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rsplit(")", 1)[1]
            except OSError:
                continue
            parents.setdefault(int(after_name.split()[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(parents.get(pid, ()))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of every thread. From schedstat: ``stat`` counts in ticks of 10 ms."""
    total = 0.0
    for pid in pids:
        for schedstat in PROC.glob(f"{pid}/task/*/schedstat"):
            try:
                total += int(schedstat.read_text().split()[0]) * NANOSECOND
            except OSError:
                continue
    return total


def resident_kib(pids: Iterable[int]) -> int:
    """Resident memory, KiB."""
    total = 0
    for pid in pids:
        try:
            status = (PROC / str(pid) / "status").read_text()
        except OSError:
            continue
        if (found := re.search(r"VmRSS:\s+(\d+)", status)) is not None:
            total += int(found.group(1))
    return total


@cache
def cores() -> tuple[int, int]:
    """A core for the server and one for the load: the same one where there is no other.

    Asked once: the load pins itself, and sees only its own core from then on.
    """
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def percentile(values: list[float], part: float) -> float:
    """The smallest value that ``part`` (0..1) of all values don't exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-len(ordered) * part // 1) - 1))]
