"""A day in ten minutes: every part killed and frozen in turn, again and again, under load.

``python -m tests.topology.soak --minutes 10`` prints what was done and what came of it; status 1
where anything was lost in silence, came twice, or took longer than promised.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.proc import resident_bytes
from tests.topology import test_faults as faults
from tests.topology.load import Load
from tests.topology.topology import Topology, settle, topology
from tests.topology.writers import Operator

CALM_SECONDS = 3.0


def restart_a_process(parts: Topology) -> None:
    pulso = random.choice(parts.pulsos)
    pulso.stop()
    pulso.start()


FAULTS = [*faults.KEPT, faults.kill_redis, restart_a_process]


def soak(parts: Topology, minutes: float) -> list[str]:
    """What was wrong at the end; prints the figures."""
    bots = [f"soak-{number}" for number in range(8)]
    done: Counter[str] = Counter()
    end = time.monotonic() + minutes * 60
    with (
        Load(parts.any_process, bots, clients=30, publishers=6, pause=0.1) as load,
        Operator(parts) as operator,
    ):
        for fault in itertools.cycle(FAULTS):
            if time.monotonic() > end:
                break
            settle(CALM_SECONDS)
            fault(parts)
            faults.recovered(parts)
            done[fault.__name__] += 1
    wrong = load.wrong(twice=lambda content: bool(done["kill_redis"]))
    stored = Counter(operator.stored())
    lost = [one for one in operator.written if not stored[one]]
    wrong += [f"{len(lost)} answers lost, {lost[:5]}"] if lost else []
    print("faults:", dict(done))
    print("acknowledged:", sum(len(load.acknowledged(bot)) for bot in bots))
    print("seen:", sum(len(roamer.seen) for roamer in load.roamers))
    print("gaps reported:", sum(len(roamer.gaps) for roamer in load.roamers))
    print("connections:", sum(roamer.connections for roamer in load.roamers))
    print("operator's answers:", len(operator.written), "refused", len(operator.refused))
    longest = max(publisher.longest_wait for publisher in load.publishers)
    print(f"longest wait for an acknowledgement: {longest:.1f} s")
    sizes = [resident_bytes(pulso.pid) / 1e6 for pulso in parts.pulsos]
    print("resident MB:", [round(size) for size in sizes])
    wrong += [] if "Traceback" not in parts.logs else ["a traceback in a log"]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, topology(Path(folder)) as parts:
        wrong = soak(parts, asked.minutes)
    for one in wrong:
        print("WRONG:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
