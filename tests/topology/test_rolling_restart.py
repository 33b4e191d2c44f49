"""All three processes restarted one after the other behind nginx while people work."""

from tests.running import eventually
from tests.topology.load import Load
from tests.topology.topology import Topology, settle
from tests.topology.writers import Operator

DARK_SECONDS = 3.0


def test_a_rolling_restart_is_noticed_by_nobody(parts: Topology) -> None:
    bots = [f"roll-{number}" for number in range(4)]
    with (
        Load(parts.front, bots, clients=20, publishers=4, stays=True) as load,
        Operator(parts) as operator,
    ):
        settle(1)
        for pulso in parts.pulsos:
            assert pulso.stop() == 0
            pulso.start()
            eventually(parts.ready, 20)
        settle(1)
    assert load.wrong() == []
    assert not any(roamer.gaps for roamer in load.roamers)
    assert max(roamer.longest_dark for roamer in load.roamers) < DARK_SECONDS
    assert operator.written == operator.stored()
