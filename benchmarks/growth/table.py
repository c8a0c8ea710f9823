# SPDX-License-Identifier: Apache-2.0
"""The figures as tables: the middle of the rounds, their spread, and how the most logins stand to the fewest."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.audit.figures import EngineFigures
from benchmarks.growth.figures import MOST_GROWTH, Figures
from benchmarks.harness.figures import Series, number


def show(figures: Figures, console: Console) -> None:
    """One table for each engine, and the verdict."""
    for engine in figures.engines:
        console.print(_table(engine, figures.sizes))
    console.print(f"{figures.machine}; {figures.seconds:.0f} s. Medians of rounds, (smallest to largest).")
    for complaint in figures.too_steep:
        console.print(f"[bold red]too steep:[/] {complaint}, {MOST_GROWTH} is the most")


def _table(engine: EngineFigures, sizes: Sequence[int]) -> Table:
    table = Table(title=engine.about, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for name in ("", "", "unit"):
        table.add_column(name)
    for size in sizes:
        table.add_column(f"{size:,} logins", justify="right")
    table.add_column("growth", justify="right")
    for series in engine.series:
        table.add_row(series.group, series.name, series.unit, *(_cell(series, size) for size in sizes), growth(series))
    return table


def _cell(series: Series, size: int) -> str:
    rounds = series.rounds[size]
    if len(set(rounds)) == 1:
        return number(rounds[0])
    return f"{number(series.median(size))} ({number(min(rounds))} to {number(max(rounds))})"


def growth(series: Series) -> str:
    """The middle of the rounds, and their spread where there is more than one."""
    growths = series.growths
    spread = "" if len(growths) == 1 else f" ({min(growths):.2f} to {max(growths):.2f})"
    return f"{series.growth:.2f}{spread}"
