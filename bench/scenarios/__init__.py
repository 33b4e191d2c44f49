"""The scenarios, in the order in which they are run and shown."""

from bench.scenarios.fan import BURST, PACED
from bench.scenarios.heartbeats import HEARTBEATS
from bench.scenarios.idle import IDLE
from bench.scenarios.ingest import INGEST
from bench.scenarios.ingest_postgresql import INGEST_POSTGRESQL
from bench.scenarios.latency import LATENCY
from bench.scenarios.many_bots import MANY_BOTS
from bench.scenarios.redis import REDIS
from bench.scenarios.scenario import Measure, Scenario
from bench.scenarios.snapshot import SNAPSHOT
from bench.scenarios.storm import STORM

SCENARIOS: tuple[Scenario, ...] = (
    PACED,
    BURST,
    IDLE,
    MANY_BOTS,
    LATENCY,
    STORM,
    HEARTBEATS,
    INGEST,
    INGEST_POSTGRESQL,
    SNAPSHOT,
    REDIS,
)

__all__ = ["SCENARIOS", "Measure", "Scenario"]
