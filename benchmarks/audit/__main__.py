# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where appending or sealing grows too dear."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from benchmarks.audit.figures import Figures
from benchmarks.audit.page import with_tables
from benchmarks.audit.picture import picture
from benchmarks.audit.run import measured
from benchmarks.audit.table import show
from benchmarks.harness.figures import Engine, this_machine

SIZES = (10_000, 100_000, 1_000_000)
ENGINES: tuple[Engine, ...] = get_args(Engine)
ROUNDS = 9
LIMIT_SECONDS = 900
UNFOLDED = 150
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "audit.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance" / "audit.svg"


def main() -> int:
    """The exit status."""
    options = _options().parse_args()
    if options.show is None:
        try:
            figures = _measured(options.engine or ENGINES, sorted(set(options.size or SIZES)), options.rounds)
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


def _measured(engines: Sequence[Engine], sizes: list[int], rounds: int) -> Figures:
    """`TimeoutError` where the machine is too slow for all of it."""
    began = time.monotonic()
    with Console(stderr=True).status("") as status:
        found = [
            measured(engine, sizes, rounds, began + LIMIT_SECONDS - time.monotonic(), status.update)
            for engine in engines
        ]
    return Figures(this_machine(), sizes, time.monotonic() - began, found)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench-audit", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--size", action="append", type=int, help="only a log of so many entries; may be repeated")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each measure ({ROUNDS})")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go, as JSON")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show these figures again")
    parser.add_argument("--write", action="store_true", help="put tables, picture and figures into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
