"""``python -m bench.pages [--only day,full] [--checkout DIR] [--rate 50] [--quick]``

The monitor page in Debian's Chromium: of this checkout, or of another to compare it with.
"""

import argparse
from pathlib import Path

from bench.machine import facts
from bench.pages.browser import chromium
from bench.pages.scenarios import all_day, full
from bench.peers.peer import ROOT
from bench.table import markdown, number

SCENARIOS = {"day": all_day, "full": full}
RATE = 50.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--only", help=f"of {', '.join(SCENARIOS)}; with commas")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="whose main.py is measured")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything")
    found = parser.parse_args()
    found.only = found.only.split(",") if found.only else list(SCENARIOS)
    for name in found.only:
        if name not in SCENARIOS:
            parser.error(f"{name!r} is none of {', '.join(SCENARIOS)}")
    return found


def main() -> None:
    chosen = arguments()
    for what, value in facts().items():
        print(f"{what}: {value}")
    with chromium() as browser:
        for name in chosen.only:
            share = 0.05 if chosen.quick else 1.0
            figures = SCENARIOS[name](browser, chosen.checkout.resolve(), chosen.rate, share)
            rows = [(measure, number(value)) for measure, value in figures.items()]
            print("", markdown((name, f"{chosen.rate:g} events a second"), rows), sep="\n")


if __name__ == "__main__":
    main()
