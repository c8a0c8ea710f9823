# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where two replicas cost more than they may."""

import sys
from argparse import ArgumentParser, Namespace

from benchmarks.harness.command import Benchmark, Tell, in_time
from benchmarks.replicas.figures import Figures
from benchmarks.replicas.page import tables
from benchmarks.replicas.picture import picture
from benchmarks.replicas.run import QUICK, WHOLE, measured

BENCHMARK = Benchmark("replicas", "bench-replicas", Figures, tables, picture)


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = BENCHMARK.options(__doc__, _add_options, arguments)
    return BENCHMARK.run(options, _measured, _show, lambda figures: bool(figures.complaints) and not options.quick)


def _measured(options: Namespace, tell: Tell) -> Figures:
    with in_time("try --quick") as left:
        return measured(QUICK if options.quick else WHOLE, left(), tell)


def _show(figures: Figures) -> None:
    print(tables(figures))
    for complaint in figures.complaints:
        print(f"missed: {complaint}")


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="one round of everything, within 40 s; judges nothing")


if __name__ == "__main__":
    sys.exit(main())
