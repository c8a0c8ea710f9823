# SPDX-License-Identifier: Apache-2.0
"""The figures as tables: the middle of the rounds, their spread, and how the most logins stand to the fewest."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.growth.figures import Figures
from benchmarks.harness.figures import EngineSeries, spread
from benchmarks.harness.terminal import empty_table, show_growth


def show(figures: Figures) -> None:
    """One table for each engine, and the verdict."""
    tables = [_table(engine, figures.sizes) for engine in figures.engines]
    show_growth(190, tables, f"{figures.machine}; {figures.seconds:.0f} s", figures.too_steep)


def _table(engine: EngineSeries, sizes: Sequence[int]) -> Table:
    table = empty_table(engine.about, ["", "", "unit"], [*(f"{size:,} logins" for size in sizes), "growth"])
    for series in engine.series:
        spreads = [spread(series.rounds[size]) for size in sizes]
        table.add_row(series.group, series.name, series.unit, *spreads, series.growth_and_spread)
    return table
