# SPDX-License-Identifier: Apache-2.0
"""The figures as tables: the middle of the rounds, their spread, and how the largest log stands to the smallest."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.audit.figures import Figures
from benchmarks.harness.figures import EngineSeries, spread
from benchmarks.harness.terminal import empty_table, show_growth


def show(figures: Figures) -> None:
    """One table for each engine, and the verdict."""
    tables = [_table(engine, figures.sizes) for engine in figures.engines]
    show_growth(150, tables, f"{figures.machine}; {figures.seconds:.0f} s", figures.too_steep)


def _table(engine: EngineSeries, sizes: Sequence[int]) -> Table:
    table = empty_table(engine.about, ["", "unit"], [*(f"{size:,} entries" for size in sizes), "growth"])
    group = ""
    for series in engine.series:
        if group not in {"", series.group}:
            table.add_section()
        group = series.group
        name = f"{series.name}, in the middle" if group.endswith("middle") else series.name
        spreads = [spread(series.rounds[size]) for size in sizes]
        table.add_row(name, series.unit, *spreads, series.growth_and_spread)
    return table
