"""What was measured, run by run, and its medians."""

from collections import defaultdict
from statistics import median


class Results:
    def __init__(self) -> None:
        self.runs: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )
        self.failures: list[str] = []
        self.skipped: dict[str, str] = {}
        self.versions: dict[str, str] = {}

    def add(self, scenario: str, peer: str, figures: dict[str, float]) -> None:
        for measure, value in figures.items():
            self.runs[scenario][measure][peer].append(value)

    def medians(self) -> dict[str, dict[str, dict[str, float]]]:
        """scenario -> measure -> peer -> median."""
        return {
            scenario: {
                measure: {peer: median(values) for peer, values in peers.items()}
                for measure, peers in measures.items()
            }
            for scenario, measures in self.runs.items()
        }
