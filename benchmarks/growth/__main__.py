# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where a request or the sweeper grows too dear."""

import sys
import time
from argparse import ArgumentParser, Namespace

from benchmarks.growth.figures import Figures
from benchmarks.growth.page import tables
from benchmarks.growth.picture import picture
from benchmarks.growth.run import Plan, measured
from benchmarks.growth.table import show
from benchmarks.harness.command import Benchmark, Tell, add_engines, in_time
from benchmarks.harness.figures import ENGINES, this_machine

WHOLE = Plan([10_000, 100_000, 1_000_000], rounds=9, requests=150, batch=200)
QUICK = Plan([1_000, 10_000], rounds=5, requests=100, batch=200)
BENCHMARK = Benchmark("growth", "bench-growth", Figures, tables, picture)


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = BENCHMARK.options(__doc__, _add_options, arguments)
    return BENCHMARK.run(options, _measured, show, lambda figures: bool(figures.too_steep))


def _measured(options: Namespace, tell: Tell) -> Figures:
    began, plan = time.monotonic(), _plan(options)
    with in_time("name one --engine, or a --size or two") as left:
        found = [measured(engine, plan, left(), tell) for engine in options.engine or ENGINES]
    return Figures(this_machine(), plan.sizes, plan.requests, plan.batch, time.monotonic() - began, found)


def _plan(options: Namespace) -> Plan:
    plan = QUICK if options.quick else WHOLE
    named = {"sizes": sorted(set(options.size or plan.sizes)), "rounds": options.rounds,
             "requests": options.requests, "batch": options.batch}  # fmt: skip
    return plan._replace(**{name: value for name, value in named.items() if value is not None})


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="a thousand and ten thousand logins, in half a minute")
    add_engines(parser)
    parser.add_argument("--size", action="append", type=int, help="only a history of so many logins; may be repeated")
    parser.add_argument("--rounds", type=int, help=f"of each measure ({WHOLE.rounds}; quick: {QUICK.rounds})")
    parser.add_argument("--requests", type=int, help=f"of each kind in a round ({WHOLE.requests})")
    parser.add_argument("--batch", type=int, help=f"rows of each kind that the sweeper takes ({WHOLE.batch}, its own)")


if __name__ == "__main__":
    sys.exit(main())
