"""The chart."""

from bench.goals import Medians


def chart(medians: Medians) -> str:
    return ""
