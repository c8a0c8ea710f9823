# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where a ratio is not what it must be."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from benchmarks.harness.figures import Engine, this_machine
from benchmarks.sign_in.figures import FEW, MANY, Figures
from benchmarks.sign_in.page import with_tables
from benchmarks.sign_in.picture import picture
from benchmarks.sign_in.run import Plan, measured
from benchmarks.sign_in.table import show

ENGINES: tuple[Engine, ...] = get_args(Engine)
PEERS = ("better-auth", "django-sesame")
WHOLE = Plan(rounds=5, seconds=2, rate=5_000, starts=5, sign_ins=200, few=FEW, many=MANY, peers=frozenset(PEERS))
QUICK = WHOLE._replace(rounds=2, seconds=1, starts=1, sign_ins=50, many=20_000, peers=frozenset({"better-auth"}))
UNFOLDED = 150
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "sign_in.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance" / "sign_in.svg"


def main() -> int:
    """The exit status."""
    options = _options().parse_args()
    if options.show is None:
        try:
            figures = _measured(options.engine or ENGINES, _plan(options))
        except FileNotFoundError as error:
            print(f"error: {error}", file=sys.stderr)
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
    return int(any(ratio.missed for ratio in figures.ratios))


def _measured(engines: Sequence[Engine], plan: Plan) -> Figures:
    began = time.monotonic()
    with Console(stderr=True).status("") as status:
        found = measured(plan, engines, status.update)
    return Figures(
        machine=this_machine(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        seconds=time.monotonic() - began,
        versions=found.versions,
        loads=found.loads,
        sign_ins=found.sign_ins,
        starts=found.starts,
    )


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else WHOLE
    named = {"rounds": options.rounds, "seconds": options.seconds, "sign_ins": options.sign_ins, "many": options.many}
    plan = plan._replace(**{name: value for name, value in named.items() if value is not None})
    return plan._replace(peers=plan.peers - set(options.without or ()))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten, and with wider spreads")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--without", action="append", choices=PEERS, help="leave a peer out; may be repeated")
    parser.add_argument("--rounds", type=int, help=f"of each measure ({WHOLE.rounds}; quick: {QUICK.rounds})")
    parser.add_argument("--seconds", type=int, help=f"of each load ({WHOLE.seconds}; quick: {QUICK.seconds})")
    parser.add_argument("--sign-ins", type=int, help=f"in each round ({WHOLE.sign_ins}; quick: {QUICK.sign_ins})")
    parser.add_argument("--many", type=int, help=f"live links beside which sign-ins must not get dearer ({MANY:,})")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go, as JSON")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show these figures again")
    parser.add_argument("--write", action="store_true", help="put tables, picture and figures into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
