"""``python -m bench [--quick] [--only paced,burst] [--peer pulso --peer original]``

Prints the tables. A full run of everything also writes docs/benchmarks.md and docs/benchmarks.svg.
"""

import argparse
import os
import resource
import sys

from bench.goals import GOALS
from bench.machine import facts
from bench.measuring import cores
from bench.peers import PEERS, Peer
from bench.report import goals_table, measures_table, notes, write
from bench.results import Results
from bench.scale import FULL, QUICK, Scale
from bench.scenarios import SCENARIOS, Scenario
from bench.table import number

PEERS_OF_GOALS = {"pulso", *(goal.peer for goal in GOALS)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Pulso beside its peers")
    parser.add_argument("--quick", action="store_true", help="fewer of everything: a minute or two")
    parser.add_argument("--only", help=f"of {', '.join(s.name for s in SCENARIOS)}; with commas")
    parser.add_argument("--peer", action="append", help=f"of {', '.join(p.name for p in PEERS)}")
    parser.add_argument("--repeat", type=int, help="how often each is run; the median counts")
    found = parser.parse_args()
    for chosen, known in (
        ((found.only or "").split(","), [s.name for s in SCENARIOS]),
        (found.peer or [], [p.name for p in PEERS]),
    ):
        for name in filter(None, chosen):
            if name not in known:
                parser.error(f"{name!r} is none of {', '.join(known)}")
    return found


def measure(scenario: Scenario, peers: list[Peer], scale: Scale, results: Results) -> None:
    """Every peer in turn, again and again: what drifts on the machine drifts for all of them."""
    for _ in range(scale.repetitions):
        for peer in peers:
            if peer.name not in scenario.peers:
                continue
            try:
                figures = scenario.run(peer, scale)
            except (RuntimeError, OSError) as error:
                results.failures.append(f"{peer.name} in {scenario.name}: {error}")
                print(f"  {scenario.name} {peer.name}: {error}", file=sys.stderr, flush=True)
                continue
            results.add(scenario.name, peer.name, figures)
            shown = "  ".join(
                f"{scenario.measures[key].label} {number(value)} {scenario.measures[key].unit}"
                for key, value in figures.items()
            )
            print(f"  {scenario.name} {peer.name}: {shown}", file=sys.stderr, flush=True)


def main() -> int:
    chosen = arguments()
    scale = QUICK if chosen.quick else FULL
    if chosen.repeat:
        scale = Scale(**{**vars(scale), "repetitions": chosen.repeat})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server_core, load_core = cores()
    if server_core == load_core:
        print("One core only: the load disturbs what it measures", file=sys.stderr)
    where = facts()
    results = Results()
    peers = []
    for peer in PEERS:
        if chosen.peer and peer.name not in chosen.peer:
            continue
        if chosen.quick and not chosen.peer and peer.name not in PEERS_OF_GOALS:
            results.skipped[peer.name] = "no goal is set against it (--quick)"
            continue
        if (why := peer.missing()) is not None:
            results.skipped[peer.name] = why
            continue
        results.versions[peer.name] = peer.version()
        peers.append(peer)
    os.sched_setaffinity(0, {load_core})
    for scenario in SCENARIOS:
        if not chosen.only or scenario.name in chosen.only.split(","):
            measure(scenario, peers, scale, results)
    os.sched_setaffinity(0, {server_core, load_core})
    print(measures_table(results), goals_table(results), *notes(results), sep="\n\n")
    if chosen.quick:
        print("\nA quick run: fewer streams and messages than the titles and goals are about.")
    if not (chosen.quick or chosen.only or chosen.peer):
        write(results, where, " ".join(["python -m bench", *sys.argv[1:]]), scale.repetitions)
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
