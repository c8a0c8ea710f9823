# SPDX-License-Identifier: Apache-2.0
"""Measure every page of the console at a million events; ends with 1 where a page takes too long."""

import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.console.figures import Figures
from benchmarks.console.page import PAGE, show, written
from benchmarks.console.run import Plan, measured
from benchmarks.console.seed import LOGINS
from benchmarks.harness.command import CannotMeasureError, add_engines, in_time
from benchmarks.harness.figures import ENGINES, this_machine
from benchmarks.harness.page import ROOT

REQUESTS = 30


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 2 where it cannot be measured."""
    parser = ArgumentParser(prog="just bench-console", description=__doc__)
    add_engines(parser)
    parser.add_argument("--logins", type=int, default=LOGINS, help=f"of the last thirty days ({LOGINS:,})")
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"of each page ({REQUESTS})")
    results = ROOT / "benchmarks" / "results" / "console.json"
    parser.add_argument("--results", type=Path, default=results, help="where the figures go, as JSON")
    parser.add_argument("--show", type=Path, nargs="+", metavar="JSON", help="measure nothing: show these again")
    parser.add_argument("--write", action="store_true", help=f"put them into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    try:
        figures = _read(options.show) if options.show else _measured(options.engine, options.logins, options.requests)
    except CannotMeasureError as error:
        print(error, file=sys.stderr)
        return 2
    figures.write(options.results)
    show(figures)
    if options.write:
        PAGE.write_text(written(figures), "utf-8")
    return int(bool(figures.too_slow))


def _read(paths: list[Path]) -> Figures:
    runs = [Figures.read(path) for path in paths]
    seconds, engines = sum(run.seconds for run in runs), [engine for run in runs for engine in run.engines]
    return msgspec.structs.replace(runs[0], seconds=seconds, engines=engines)


def _measured(engines: list[str] | None, logins: int, requests: int) -> Figures:
    began = time.monotonic()
    with in_time("name one --engine, or fewer --logins") as left, Console(stderr=True).status("") as status:
        found = [
            measured(engine, Plan(logins, requests, left()), status.update)
            for engine in ENGINES
            if not engines or engine in engines
        ]
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    return Figures(this_machine(), date, requests, time.monotonic() - began, found)


if __name__ == "__main__":
    sys.exit(main())
