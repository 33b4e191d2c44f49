"""Customers write to a Pulso on PostgreSQL: alone, and as one of several processes on Redis.

The database and Redis are servers of the bench's own, with commits on the disk as they are by
default; what they use of the CPU is not counted.
"""

from bench.crowd import crowd
from bench.peers import Peer
from bench.scale import Scale
from bench.scenarios.ingest import BOTS, Flooded, flooded
from bench.scenarios.scenario import MILLI, Figures, Measure, Scenario
from bench.server import running
from tests.postgresql import PROGRAMS, postgresql
from tests.redis_server import PROGRAM, redis_server


def ingest_postgresql(peer: Peer, scale: Scale) -> Figures:
    if PROGRAMS is None or PROGRAM is None:
        raise RuntimeError("needs PostgreSQL and redis-server to be installed")
    figures: Figures = {}
    each = scale.ingest_messages // BOTS
    with postgresql(durable=True) as database, redis_server() as redis:
        for name, bus in (("alone", "memory://"), ("shared", redis.url)):
            settings = {"PULSO_DATABASE_URL": database.empty(), "PULSO_BUS_URL": bus}
            with running(Flooded(each), settings) as server, crowd(server) as readers:
                seconds, cpu = flooded(server, readers, each)
            figures[f"{name}_rate"] = each * BOTS / seconds
            figures[f"{name}_cpu"] = cpu / (each * BOTS) * MILLI
    return figures


INGEST_POSTGRESQL = Scenario(
    "ingest-postgresql",
    "The messages of `ingest` from the gateway, stored in PostgreSQL",
    ("pulso",),
    {
        "alone_rate": Measure("One process: messages a second", "/s"),
        "alone_cpu": Measure("One process: CPU per message", "ms"),
        "shared_rate": Measure("One of several, on Redis: messages a second", "/s"),
        "shared_cpu": Measure("One of several, on Redis: CPU per message", "ms"),
    },
    ingest_postgresql,
)
