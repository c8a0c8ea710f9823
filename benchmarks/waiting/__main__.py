# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where something that must hold does not, 2 where it cannot."""

import argparse
import functools
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from benchmarks.harness.figures import Engine, number, this_machine
from benchmarks.waiting.figures import Figures
from benchmarks.waiting.page import tables, with_tables
from benchmarks.waiting.picture import picture
from benchmarks.waiting.run import Plan, measured
from benchmarks.waiting.service import SPARE_DESCRIPTORS, most_desktops

SIZES = (1_000, 5_000, 10_000, 19_000)
ENGINES: tuple[Engine, ...] = get_args(Engine)
QUICK = Plan([1_000], approvals=100, asked=20, idle=3.0, renewals=0, polling=5.0, polling_approvals=10,
             slow=2, slow_approvals=20)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "waiting.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance" / "waiting.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _options().parse_args(arguments)
    if options.show:
        figures = functools.reduce(Figures.beside, [Figures.read(path) for path in options.show])
    else:
        plan = QUICK if options.quick else Plan(sorted(set(options.size or SIZES)))
        engines = options.engine or (ENGINES[:1] if options.quick else ENGINES)
        needed, most = max(plan.sizes) + plan.approvals + plan.slow_approvals, most_desktops()
        if needed > most:
            print(f"{needed:,} connections are needed, and the hard limit of descriptors (ulimit -Hn) leaves {most:,}: "
                  f"raise it, or name smaller sizes with --size", file=sys.stderr)  # fmt: skip
            return 2
        figures = _measured(plan, engines, most)
        figures.write(options.results)
    print(tables(figures))
    for verdict in figures.verdicts:
        found = f"{number(verdict.found)}, {number(verdict.most)} at most"
        print(f"{'met   ' if verdict.met else 'MISSED'} {verdict.about}: {found}")
    if options.write:
        PICTURE.write_text(picture(figures), "utf-8")
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), figures), "utf-8")
        figures.write(PICTURE.with_suffix(".json"))
    return int(not all(verdict.met for verdict in figures.verdicts))


def _measured(plan: Plan, engines: Sequence[Engine], most: int) -> Figures:
    began = time.monotonic()
    with Console(stderr=True).status("") as status:
        found = [measured(engine, plan, status.update) for engine in engines]
    return Figures(this_machine(), most + SPARE_DESCRIPTORS, time.monotonic() - began, found)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench-waiting", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--size", action="append", type=int, help="only so many desktops; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a thousand desktops on SQLite, in half a minute")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go, as JSON")
    parser.add_argument(
        "--show", type=Path, nargs="+", metavar="JSON", help="measure nothing: show these figures, as if of one run"
    )
    parser.add_argument("--write", action="store_true", help="put tables, picture and figures into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
