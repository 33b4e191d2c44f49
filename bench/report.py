"""The tables of a run, and docs/benchmarks.md, which is written by it."""

from pathlib import Path

from bench.chart import chart
from bench.goals import verdicts
from bench.peers import PEERS
from bench.results import Results
from bench.scenarios import SCENARIOS
from bench.table import markdown, number

DOCS = Path(__file__).resolve().parents[1] / "docs"

METHOD = """\
Each server runs alone, started as its users start it and pinned to one core; the load is one epoll
loop on another core. The measure is the server's own CPU time (`/proc/<pid>/task/*/schedstat`, all
its processes and threads), which noise on a machine disturbs least. Each scenario is run
{repetitions} and the median counts; the peers take turns, so that what drifts drifts for all of
them. Only ratios within one run mean anything elsewhere.

- Pulso is `python main.py` with its default settings, on SQLite, through `GET /events/stream` and
  `POST /events`: the publisher's token is verified, each event is validated and kept in the
  history. No peer verifies or validates what it is given; nchan keeps its last ten messages.
- Each reader has a token of its own, verified as it connects, except by nchan and the raw server,
  which know none. So the limit of streams per user needs no raising. The limit of open files is
  raised to what the system allows.
- Every message is a `message:received` with all its fields and 200 bytes of content.
- Every delivery is counted; a run that loses one fails, except where losing is what it shows.
- *original* is a short rewrite of the TypeScript that Pulso replaces (Elysia on Bun). *raw* is the
  floor: epoll and `send`, the frame made once, no HTTP to speak of.
- `many-bots` sends each batch to 50 of the bots, two events each, whether 50 are connected or
  5,000: the writes are the same, and what is compared is what the other streams cost.
- `ingest` feeds the gateway's sink inside the server, which is else what `python main.py` starts;
  its floor is the statements of an arriving message on the same tables through `sqlite3` alone, 64
  to a transaction, each commit on the disk, on the same core. A message counts when the stream of
  its bot has it, which is after its commit. The last figure is from outside: HTTP, and a stream.
- `ingest-postgresql` does so on a PostgreSQL and a Redis of its own, whose CPU is not counted.
- `snapshot` fills the store's tables, starts the server on it, and asks for pages one at a time;
  then 20 connections ask again as soon as they are answered, while messages come through the
  simulated phone's call. What has no answer at the end counts with the time it has waited.
- `redis` is `paced` once more: alone, then with two processes on one Redis and one PostgreSQL,
  published first on the process that is read, then on the other. The CPU is that of the process
  that is read; Redis and PostgreSQL run on the load's core. What a core of Redis carries is the CPU
  time of redis-server for arrays of 100 events of 20 bots, which one process follows.
- `heartbeats` counts CPU over one whole period, then probes `GET /healthz` every 5 ms over another.
"""

OPENING = """\
Of the CPU that opening a stream takes, profiled with py-spy over 10,000 of them (Python 3.11), in
hundredths:

| what | share |
| --- | ---: |
| Tornado reads the request: headers, arguments, forwarded addresses, the route | 35 |
| Pulso: the request's checks, subscribing, the register, the first frames, socket options | 23 |
| Tornado makes the handler, with its headers and its task | 15 |
| Tornado writes the head of the answer and the first frames (`flush()`) | 10 |
| accepting the connection, with its place in epoll | 9 |
| the token: one HMAC, three parts decoded | 6 |
| the event loop itself | 3 |

A quarter of all of it is system calls, and the most frequent of them is `getpid`, 11 in a hundred:
asyncio asks for it with every future it makes; from Python 3.12 on it doesn't. Collecting garbage
is 6. The token was 17 before it was read in one pass, the kernel's entropy for ids 4.
"""


def goals_table(results: Results) -> str:
    titles = {scenario.name: scenario for scenario in SCENARIOS}
    rows = []
    for verdict in verdicts(results.medians()):
        goal = verdict.goal
        measure = titles[goal.scenario].measures[goal.measure]
        against = "–" if verdict.peer is None else f"{goal.peer} {number(verdict.peer)}"
        ratio = "–" if verdict.ratio is None else f"{verdict.ratio:.2f} ×"
        unit = f" {measure.unit}" if goal.peer is None else " ×"
        rows.append(
            [
                goal.scenario,
                f"{measure.label} ({measure.unit})",
                number(verdict.pulso),
                against,
                ratio,
                f"{'≥' if goal.least else '≤'} {goal.limit:,g}{unit}",
                "met" if verdict.met else "NOT MET",
            ]
        )
    head = ["scenario", "measure", "Pulso", "peer", "ratio", "goal", "verdict"]
    return markdown(head, rows, numbers_from=2)


def measures_table(results: Results) -> str:
    medians = results.medians()
    names = [
        p.name for p in PEERS if any(p.name in m for s in medians.values() for m in s.values())
    ]
    rows = []
    for scenario in SCENARIOS:
        for key, measure in scenario.measures.items():
            figures = medians.get(scenario.name, {}).get(key, {})
            if figures:
                cells = [number(figures[name]) if name in figures else "" for name in names]
                rows.append([scenario.name, f"{measure.label} ({measure.unit})", *cells])
    return markdown(["scenario", "measure", *names], rows, numbers_from=2)


def notes(results: Results) -> list[str]:
    """What a reader must know of this run: who was skipped, and what failed."""
    skipped = [f"{name} skipped: {why}" for name, why in results.skipped.items()]
    return skipped + results.failures


def write(results: Results, where: dict[str, str], command: str, repetitions: int) -> None:
    """docs/benchmarks.md and its chart."""
    about = {**where, "Command": f"`{command}`"}
    scenarios = "\n".join(f"- `{s.name}`: {s.title}." for s in SCENARIOS)
    versions = "\n".join(f"- {name}: {version}" for name, version in results.versions.items())
    page = [
        "# Benchmarks",
        "Written by `make bench`; not to be edited by hand.",
        "![CPU per delivery, memory per stream](benchmarks.svg)",
        "## Goals",
        goals_table(results),
        "## All figures",
        measures_table(results),
        "\n".join(f"- {note}" for note in notes(results)),
        "## Scenarios",
        scenarios,
        "## How it is measured",
        METHOD.format(repetitions="once" if repetitions == 1 else f"{repetitions} times").strip(),
        "## Where the cost of opening a stream goes",
        OPENING.strip(),
        "## Where",
        "\n".join(f"- {name}: {fact}" for name, fact in about.items()),
        "## Versions",
        versions,
    ]
    DOCS.mkdir(exist_ok=True)
    (DOCS / "benchmarks.md").write_text("\n\n".join(part for part in page if part) + "\n")
    (DOCS / "benchmarks.svg").write_text(chart(results.medians()))
