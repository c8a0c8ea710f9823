# SPDX-License-Identifier: Apache-2.0
"""`just enumeration`: whether the service's answer, its bytes or its time, tells what it knows of an address.

Ends with 1 where anything does. Of runs in which nothing differs one in a hundred fails all the same, and a machine
that others use adds to that: a real difference fails each time.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rich.console import Console  # noqa: E402 - what follows is found by the path above
from rich.markup import escape  # noqa: E402

from attack.enumeration_figures import ENOUGH, LIMIT, OTHERS, EngineRuns, Figures  # noqa: E402
from attack.enumeration_people import KINDS, Kind  # noqa: E402
from attack.enumeration_picture import picture, reach  # noqa: E402
from attack.enumeration_run import measured  # noqa: E402
from benchmarks.harness.figures import ENGINES, NAMES, this_machine  # noqa: E402
from benchmarks.harness.terminal import empty_table, terminal  # noqa: E402

COUNT, RUNS = 200, 3
UNFOLDED: Final = 150
_BINS: Final = 48
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _options().parse_args(arguments)
    figures = _measured(options) if options.show is None else Figures.read(options.show)
    console = terminal(UNFOLDED)
    for engine in figures.engines:
        _show(console, engine)
    console.print(
        f"A run passes where each p is above {LIMIT:g}: {ENOUGH} / {len(OTHERS)} comparisons (Bonferroni)."
        f" {figures.seconds:.0f} s on {figures.machine}."
    )
    console.print("An address gave nothing away." if figures.held else "[red]AN ADDRESS GIVES SOMETHING AWAY[/]")
    if options.json:
        figures.write(options.json)
    if options.picture:
        options.picture.write_text(picture(figures), "utf-8")
    return int(not figures.held)


def _measured(options: argparse.Namespace) -> Figures:
    began = time.monotonic()
    with Console(stderr=True).status("") as status:
        found = [
            measured(engine, options.count, options.runs, status.update, after=options.after)
            for engine in options.engine or ENGINES
        ]
    return Figures(this_machine(), time.monotonic() - began, found)


def _show(console: Console, engine: EngineRuns) -> None:
    numbers = [name for run in range(1, len(engine.runs) + 1) for name in (f"run {run}, µs", "p")]
    furthest = reach(engine)
    span = f"from {furthest[0] / 1000:.2f} to {furthest[1] / 1000:.2f} ms, all runs"
    table = empty_table(f"{engine.about}: {engine.answers:,} answers, medians", ["address"], numbers)
    table.add_column(span)
    for kind in KINDS:
        table.add_row(kind, *_cells(engine, kind), histogram(engine.pooled(kind), *furthest))
    console.print(table)
    seen, known = engine.would_be_seen, statistics.median(engine.pooled("known"))
    console.print(f"{seen:.0f} µs more for any kind, {seen / known:.1%}, would have failed each run.")
    for complaint in engine.wrong:
        console.print(f"[red]WRONG[/] on {NAMES[engine.engine]}: {escape(complaint)}")


def _cells(engine: EngineRuns, kind: Kind) -> list[str]:
    cells = list[str]()
    for run in engine.runs:
        p = None if kind == "known" else run.p_of(kind)
        shown = "" if p is None else f"{p:.2g}"
        cells += [f"{statistics.median(run.times[kind]):,.0f}", f"[red]{shown}[/]" if p and p <= LIMIT else shown]
    return cells


def histogram(times: Sequence[float], low: float, high: float) -> str:
    """A row of blocks: how many fell into each part of that span; what lies beyond is left out."""
    counts = [0] * _BINS
    for each in times:
        if low <= each < high:
            counts[int((each - low) / (high - low) * _BINS)] += 1
    most = max(counts) or 1
    return "".join(_BLOCKS[-(-count * (len(_BLOCKS) - 1) // most)] for count in counts)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just enumeration", description=__doc__)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--count", type=int, default=COUNT, help=f"addresses of each kind in a run ({COUNT})")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"on each engine ({RUNS})")
    parser.add_argument("--after", action="store_true", help="time a request for nobody that follows each at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every time here")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them here, as SVG")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show these figures again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
