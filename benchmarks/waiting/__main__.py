# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where something that must hold does not, 2 where it cannot."""

import sys
import time
from argparse import ArgumentParser, Namespace

from benchmarks.harness.command import Benchmark, CannotMeasureError, Tell, add_engines
from benchmarks.harness.figures import ENGINES, number, this_machine
from benchmarks.waiting.figures import Figures
from benchmarks.waiting.page import tables
from benchmarks.waiting.picture import picture
from benchmarks.waiting.run import Plan, measured
from benchmarks.waiting.service import SPARE_DESCRIPTORS, most_desktops

SIZES = (1_000, 5_000, 10_000, 19_000)
QUICK = Plan([1_000], approvals=100, asked=20, idle=3.0, renewals=0, polling=5.0, polling_approvals=10,
             slow=2, slow_approvals=20)  # fmt: skip
BENCHMARK = Benchmark("waiting", "bench-waiting", Figures, tables, picture, beside=Figures.beside)


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = BENCHMARK.options(__doc__, _add_options, arguments)
    return BENCHMARK.run(options, _measured, _show, lambda figures: not all(each.met for each in figures.verdicts))


def _measured(options: Namespace, tell: Tell) -> Figures:
    plan = QUICK if options.quick else Plan(sorted(set(options.size or SIZES)))
    engines = options.engine or (ENGINES[:1] if options.quick else ENGINES)
    needed, most = max(plan.sizes) + plan.approvals + plan.slow_approvals, most_desktops()
    if needed > most:
        raise CannotMeasureError(
            f"{needed:,} connections are needed, and the hard limit of descriptors (ulimit -Hn) leaves {most:,}: "
            "raise it, or name smaller sizes with --size"
        )
    began = time.monotonic()
    found = [measured(engine, plan, tell) for engine in engines]
    return Figures(this_machine(), most + SPARE_DESCRIPTORS, time.monotonic() - began, found)


def _show(figures: Figures) -> None:
    print(tables(figures))
    for verdict in figures.verdicts:
        found = f"{number(verdict.found)}, {number(verdict.most)} at most"
        print(f"{'met   ' if verdict.met else 'MISSED'} {verdict.about}: {found}")


def _add_options(parser: ArgumentParser) -> None:
    add_engines(parser)
    parser.add_argument("--size", action="append", type=int, help="only so many desktops; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a thousand desktops on SQLite, in half a minute")


if __name__ == "__main__":
    sys.exit(main())
