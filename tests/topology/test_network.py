"""A network that goes dead, without FIN or RST: the others go on, and its process comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network import Elsewhere, another_network
from tests.running import RunningPulso, eventually
from tests.topology.load import Load
from tests.topology.topology import Topology, settle, topology

BOTS = ["cut-1", "cut-2"]
CUT_SECONDS = 6


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with another_network() as network:
        yield network


@pytest.fixture
def parts(tmp_path: Path, elsewhere: Elsewhere) -> Iterator[Topology]:
    with topology(tmp_path, listen=elsewhere.here) as made:
        yield made


@pytest.fixture
def remote(parts: Topology, elsewhere: Elsewhere) -> Iterator[RunningPulso]:
    """A fourth process, on the other side of the cable."""
    redis_url = parts.redis.url.replace("127.0.0.1", elsewhere.here)
    pulso = parts.another(PULSO_BUS_URL=redis_url, PULSO_HOST=elsewhere.there)
    pulso.host = elsewhere.there
    pulso.command = [*elsewhere.entering, *pulso.command]
    parts.pulsos.append(pulso)
    pulso.start()
    yield pulso
    elsewhere.come_back()


def test_a_cable_that_goes_dead_costs_nobody_an_event(
    parts: Topology, remote: RunningPulso, elsewhere: Elsewhere
) -> None:
    with Load(parts.any_process, BOTS, clients=8, publishers=3) as load:
        settle(1)
        elsewhere.vanish()
        settle(CUT_SECONDS)
        elsewhere.come_back()
        eventually(parts.ready, 30)
        settle(1)
    # What was out of reach for longer than is kept is a reported gap.
    assert load.wrong() == []
