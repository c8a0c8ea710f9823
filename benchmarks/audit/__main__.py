# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where appending or sealing grows too dear."""

import sys
import time
from argparse import ArgumentParser, Namespace

from benchmarks.audit.figures import Figures
from benchmarks.audit.page import tables
from benchmarks.audit.picture import picture
from benchmarks.audit.run import measured
from benchmarks.audit.table import show
from benchmarks.harness.command import Benchmark, Tell, add_engines, in_time
from benchmarks.harness.figures import ENGINES, this_machine

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 9
BENCHMARK = Benchmark("audit", "bench-audit", Figures, tables, picture)


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = BENCHMARK.options(__doc__, _add_options, arguments)
    return BENCHMARK.run(options, _measured, show, lambda figures: bool(figures.too_steep))


def _measured(options: Namespace, tell: Tell) -> Figures:
    began, sizes = time.monotonic(), sorted(set(options.size or SIZES))
    with in_time("name one --engine, or a --size or two") as left:
        found = [measured(engine, sizes, options.rounds, left(), tell) for engine in options.engine or ENGINES]
    return Figures(this_machine(), sizes, time.monotonic() - began, found)


def _add_options(parser: ArgumentParser) -> None:
    add_engines(parser)
    parser.add_argument("--size", action="append", type=int, help="only a log of so many entries; may be repeated")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each measure ({ROUNDS})")


if __name__ == "__main__":
    sys.exit(main())
