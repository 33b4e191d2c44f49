"""What a scenario is: a name, who takes part, and a run that returns its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.peers import Peer
from bench.scale import Scale

MICRO = 1e6
MILLI = 1e3

Figures = dict[str, float]


@dataclass(frozen=True)
class Measure:
    label: str
    unit: str


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    peers: tuple[str, ...]
    measures: Mapping[str, Measure]
    run: Callable[[Peer, Scale], Figures]


class LostDeliveries(RuntimeError):
    """A server did not deliver what it took: its cost would be a lie."""
