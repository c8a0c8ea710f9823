# SPDX-License-Identifier: Apache-2.0
"""The figures as tables: the middle of the rounds, their spread, and how the largest log stands to the smallest."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.audit.figures import MOST_GROWTH, EngineFigures, Figures
from benchmarks.harness.figures import Series, number


def show(figures: Figures, console: Console) -> None:
    """One table for each engine."""
    for engine in figures.engines:
        console.print(_table(engine, figures.sizes))
    console.print(f"{figures.machine}; {figures.seconds:.0f} s. Medians of rounds, (smallest to largest).")
    for complaint in figures.too_steep:
        console.print(f"[bold red]too steep:[/] {complaint}, {MOST_GROWTH} is the most")


def _table(engine: EngineFigures, sizes: Sequence[int]) -> Table:
    table = Table(title=f"{engine.about}", box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("")
    table.add_column("unit")
    for size in sizes:
        table.add_column(f"{size:,} entries", justify="right")
    table.add_column("growth", justify="right")
    group = ""
    for series in engine.series:
        if group not in {"", series.group}:
            table.add_section()
        group = series.group
        name = f"{series.name}, in the middle" if group.endswith("middle") else series.name
        table.add_row(name, series.unit, *(_cell(series, size) for size in sizes), _growth(series))
    return table


def _cell(series: Series, size: int) -> str:
    rounds = series.rounds[size]
    if len(set(rounds)) == 1:
        return number(rounds[0])
    return f"{number(series.median(size))} ({number(min(rounds))} to {number(max(rounds))})"


def _growth(series: Series) -> str:
    growths = series.growths
    if len(set(growths)) == 1:
        return f"{growths[0]:.2f}"
    return f"{series.growth:.2f} ({min(growths):.2f} to {max(growths):.2f})"
