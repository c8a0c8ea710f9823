# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where a request or the sweeper grows too dear."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from benchmarks.growth.figures import Figures
from benchmarks.growth.page import with_tables
from benchmarks.growth.picture import picture
from benchmarks.growth.run import Plan, measured
from benchmarks.growth.table import show
from benchmarks.harness.figures import Engine, this_machine

ENGINES: tuple[Engine, ...] = get_args(Engine)
WHOLE = Plan([10_000, 100_000, 1_000_000], rounds=9, requests=150, batch=200)
QUICK = Plan([1_000, 10_000], rounds=5, requests=100, batch=200)
LIMIT_SECONDS = 900
UNFOLDED = 190
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance" / "growth.svg"


def main() -> int:
    """The exit status."""
    options = _options().parse_args()
    if options.show is None:
        try:
            figures = _measured(options.engine or ENGINES, _plan(options))
        except TimeoutError:
            print(f"not done within {LIMIT_SECONDS} s: name one --engine, or a --size or two", file=sys.stderr)
            return 2
        figures.write(options.results)
    else:
        figures = Figures.read(options.show)
    console = Console(highlight=False)
    # Into a pipe or file there is no width to fit.
    console.width = console.width if console.is_terminal else UNFOLDED
    show(figures, console)
    if options.write:
        PICTURE.write_text(picture(figures), "utf-8")
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), figures), "utf-8")
        figures.write(PICTURE.with_suffix(".json"))
    return int(bool(figures.too_steep))


def _measured(engines: Sequence[Engine], plan: Plan) -> Figures:
    """`TimeoutError` where the machine is too slow for all of it."""
    began = time.monotonic()
    with Console(stderr=True).status("") as status:
        found = [measured(engine, plan, began + LIMIT_SECONDS - time.monotonic(), status.update) for engine in engines]
    return Figures(this_machine(), plan.sizes, plan.requests, plan.batch, time.monotonic() - began, found)


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else WHOLE
    named = {"sizes": sorted(set(options.size or plan.sizes)), "rounds": options.rounds,
             "requests": options.requests, "batch": options.batch}  # fmt: skip
    return plan._replace(**{name: value for name, value in named.items() if value is not None})


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench-growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a thousand and ten thousand logins, in half a minute")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--size", action="append", type=int, help="only a history of so many logins; may be repeated")
    parser.add_argument("--rounds", type=int, help=f"of each measure ({WHOLE.rounds}; quick: {QUICK.rounds})")
    parser.add_argument("--requests", type=int, help=f"of each kind in a round ({WHOLE.requests})")
    parser.add_argument("--batch", type=int, help=f"rows of each kind that the sweeper takes ({WHOLE.batch}, its own)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go, as JSON")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show these figures again")
    parser.add_argument("--write", action="store_true", help="put tables, picture and figures into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
