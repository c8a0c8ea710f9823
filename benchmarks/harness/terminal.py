# SPDX-License-Identifier: Apache-2.0
"""Tables on a terminal."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table


def terminal(unfolded: int) -> Console:
    """Standard output; as wide as this in a pipe or file, where there is no width to fit."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = unfolded
    return console


def empty_table(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    """With columns of words, then of numbers."""
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for column in words:
        table.add_column(column)
    for column in numbers:
        table.add_column(column, justify="right")
    return table


def show_growth(unfolded: int, tables: Iterable[Table], run: str, too_steep: Iterable[str]) -> None:
    """Tables of series, and what grows too much."""
    console = terminal(unfolded)
    for table in tables:
        console.print(table)
    console.print(f"{run}. Medians of rounds, (smallest to largest).")
    for complaint in too_steep:
        console.print(f"[bold red]too steep:[/] {complaint}")
