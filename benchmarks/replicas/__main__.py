# SPDX-License-Identifier: Apache-2.0
"""Measure, print tables, keep the figures; ends with 1 where two replicas cost more than they may."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.replicas.figures import Figures
from benchmarks.replicas.page import shown, with_tables
from benchmarks.replicas.picture import picture
from benchmarks.replicas.run import QUICK, WHOLE, measured

LIMIT_SECONDS = 900
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "replicas.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance" / "replicas.svg"


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    options = _options().parse_args(arguments)
    if options.show is None:
        try:
            with Console(stderr=True).status("") as status:
                figures = measured(QUICK if options.quick else WHOLE, LIMIT_SECONDS, status.update)
        except TimeoutError:
            print(f"not done within {LIMIT_SECONDS} s: try --quick", file=sys.stderr)
            return 2
        figures.write(options.results)
    else:
        figures = Figures.read(options.show)
    print("\n\n".join(shown(figures)))
    for complaint in figures.complaints:
        print(f"missed: {complaint}")
    if options.write:
        PICTURE.write_text(picture(figures), "utf-8")
        figures.write(PICTURE.with_suffix(".json"))
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), figures), "utf-8")
    return int(bool(figures.complaints) and not options.quick)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench-replicas", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything, within 40 s; judges nothing")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go, as JSON")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show these figures again")
    parser.add_argument("--write", action="store_true", help="put tables, picture and figures into the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
