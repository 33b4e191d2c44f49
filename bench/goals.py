"""What Pulso is held to, each against what was measured in the same run."""

from collections.abc import Mapping
from dataclasses import dataclass

# scenario -> measure -> peer -> median
Medians = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Goal:
    """At most ``limit``: times the peer's figure, or in the measure's own unit without a peer.

    ``least``: at least ``limit``.
    """

    scenario: str
    measure: str
    limit: float
    peer: str | None = None
    least: bool = False


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    pulso: float
    peer: float | None
    met: bool

    @property
    def ratio(self) -> float | None:
        return self.pulso / self.peer if self.peer else None


GOALS = (
    Goal("paced", "cpu", 1.0, "original"),
    Goal("paced", "cpu", 0.4, "aiohttp-sse"),
    Goal("burst", "cpu", 0.2, "original"),
    Goal("burst", "cpu", 0.5, "nchan"),
    Goal("idle", "memory", 18),
    Goal("idle", "open", 400),
    Goal("many-bots", "ratio", 1.3),
    Goal("latency", "p50", 1.0, "original"),
    Goal("latency", "p99", 1.0, "original"),
    Goal("storm", "seconds", 2.5),
    Goal("storm", "lost", 0),
    Goal("heartbeats", "core", 2),
    Goal("heartbeats", "stall", 50),
    Goal("ingest", "rate", 1_000, least=True),
    Goal("ingest", "cpu", 1),
    Goal("ingest", "phone", 5),
    Goal("ingest-postgresql", "alone_rate", 500, least=True),
    Goal("ingest-postgresql", "shared_rate", 500, least=True),
    Goal("snapshot", "chats", 2),
    Goal("snapshot", "messages", 3),
    Goal("snapshot", "search", 15),
    Goal("snapshot", "growth", 2),
    Goal("snapshot", "slowest", 1_000),
    Goal("snapshot", "stored", 1_000),
    Goal("redis", "ratio", 1.15),
    Goal("redis", "later", 3),
    Goal("redis", "script", 20_000, least=True),
)


def verdicts(medians: Medians) -> list[Verdict]:
    """One for each goal both sides of which were measured."""
    found = []
    for goal in GOALS:
        figures = medians.get(goal.scenario, {}).get(goal.measure, {})
        pulso = figures.get("pulso")
        peer = figures.get(goal.peer) if goal.peer else None
        if pulso is None or (goal.peer and peer is None):
            continue
        limit = goal.limit if peer is None else goal.limit * peer
        met = pulso >= limit if goal.least else pulso <= limit
        found.append(Verdict(goal, pulso, peer, met))
    return found
