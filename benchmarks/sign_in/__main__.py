# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where a ratio is not what it must be."""

import sys
import time
from argparse import ArgumentParser, Namespace

from benchmarks.harness.command import Benchmark, CannotMeasureError, Tell, add_engines
from benchmarks.harness.figures import ENGINES, this_machine
from benchmarks.sign_in.figures import FEW, MANY, Figures
from benchmarks.sign_in.page import tables
from benchmarks.sign_in.picture import picture
from benchmarks.sign_in.run import Plan, measured
from benchmarks.sign_in.table import show

PEERS = ("better-auth", "django-sesame")
WHOLE = Plan(rounds=5, seconds=2, rate=5_000, starts=5, sign_ins=200, few=FEW, many=MANY, peers=frozenset(PEERS))
QUICK = WHOLE._replace(rounds=2, seconds=1, starts=1, sign_ins=50, many=20_000, peers=frozenset({"better-auth"}))
BENCHMARK = Benchmark("sign_in", "bench", Figures, tables, picture)


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = BENCHMARK.options(__doc__, _add_options, arguments)
    return BENCHMARK.run(options, _measured, show, lambda figures: any(ratio.missed for ratio in figures.ratios))


def _measured(options: Namespace, tell: Tell) -> Figures:
    began = time.monotonic()
    try:
        found = measured(_plan(options), options.engine or ENGINES, tell)
    except FileNotFoundError as error:
        raise CannotMeasureError(f"error: {error}") from error
    return Figures(
        machine=this_machine(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        seconds=time.monotonic() - began,
        versions=found.versions,
        loads=found.loads,
        sign_ins=found.sign_ins,
        starts=found.starts,
    )


def _plan(options: Namespace) -> Plan:
    plan = QUICK if options.quick else WHOLE
    named = {"rounds": options.rounds, "seconds": options.seconds, "sign_ins": options.sign_ins, "many": options.many}
    plan = plan._replace(**{name: value for name, value in named.items() if value is not None})
    return plan._replace(peers=plan.peers - set(options.without or ()))


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten, and with wider spreads")
    add_engines(parser)
    parser.add_argument("--without", action="append", choices=PEERS, help="leave a peer out; may be repeated")
    parser.add_argument("--rounds", type=int, help=f"of each measure ({WHOLE.rounds}; quick: {QUICK.rounds})")
    parser.add_argument("--seconds", type=int, help=f"of each load ({WHOLE.seconds}; quick: {QUICK.seconds})")
    parser.add_argument("--sign-ins", type=int, help=f"in each round ({WHOLE.sign_ins}; quick: {QUICK.sign_ins})")
    parser.add_argument("--many", type=int, help=f"live links beside which sign-ins must not get dearer ({MANY:,})")


if __name__ == "__main__":
    sys.exit(main())
