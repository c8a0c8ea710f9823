# SPDX-License-Identifier: Apache-2.0
"""The tables in docs/performance.md, between two marks, so that they are never written by hand."""

from collections.abc import Sequence

from benchmarks.audit.figures import EngineFigures
from benchmarks.growth.figures import Figures
from benchmarks.growth.table import growth
from benchmarks.harness.figures import Series, number
from benchmarks.harness.page import table, with_section

_SHOWN = {"request": "µs of processor", "batch": "µs of processor for a batch", "took": "µs by the clock"}


def with_tables(page: str, figures: Figures) -> str:
    """The page with the tables of these figures; `ValueError` where a mark is missing."""
    said = f"One run of {figures.seconds:.0f} s: {figures.machine}."
    shown = "\n\n".join([*(_engine(engine, figures.sizes) for engine in figures.engines), said])
    return with_section(page, "bench-growth", shown)


def _engine(engine: EngineFigures, sizes: Sequence[int]) -> str:
    head = [engine.about, *(f"{size:,} logins" for size in sizes), "growth, and in single rounds"]
    return table(head, [_row(series, sizes) for series in engine.series])


def _row(series: Series, sizes: Sequence[int]) -> list[str]:
    name = f"{series.name}, {_SHOWN.get(series.group, series.unit)}"
    return [name, *(number(series.median(size)) for size in sizes), growth(series)]
