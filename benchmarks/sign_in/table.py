# SPDX-License-Identifier: Apache-2.0
"""The figures as tables on a terminal: the ratios with their verdicts, then what they are made of."""

from statistics import median

from rich.table import Table

from benchmarks.harness.figures import number, spread
from benchmarks.harness.terminal import empty_table, terminal
from benchmarks.sign_in.figures import Figures, Ratio


def show(figures: Figures) -> None:
    """All of it."""
    console = terminal(150)
    console.print(_ratios(figures))
    console.print(_loads(figures))
    console.print(_sign_ins(figures))
    for start in figures.starts:
        console.print(
            f"{start.service}: first answer after {median(start.seconds):.2f} s, idle {mebibytes(start.idle)}"
        )
    console.print(f"{figures.machine}; {figures.date}; {figures.seconds:.0f} s. Medians of rounds (lowest to highest).")


def verdict(ratio: Ratio) -> str:
    """In a word."""
    return "missed" if ratio.missed else "reached" if ratio.reached else "held"


def mebibytes(sizes: list[float]) -> str:
    """The middle one."""
    return f"{median(sizes) / 2**20:.0f} MiB"


def _ratios(figures: Figures) -> Table:
    table = empty_table("Ratios", [""], ["ratio", "must", "aim", ""])
    for ratio in figures.ratios:
        bound = "≤" if ratio.at_most else "≥"
        table.add_row(
            ratio.name, spread(ratio.rounds), f"{bound} {ratio.must:g}", f"{bound} {ratio.aim:g}", verdict(ratio)
        )
    return table


def _loads(figures: Figures) -> Table:
    table = empty_table("16 connections", [""], ["answers/s", "CPU µs", "PostgreSQL µs", "p50 ms", "p99 ms"])
    for load in figures.loads:
        cells = [spread(series) if series else "" for series in (load.per_second, load.cpu, load.database_cpu)]
        table.add_row(f"{load.service}: {load.request}", *cells, *(_middle(series) for series in (load.p50, load.p99)))
    return table


def _sign_ins(figures: Figures) -> Table:
    table = empty_table("Whole sign-ins", [""], ["live links", "CPU µs", "PostgreSQL µs"])
    for each in figures.sign_ins:
        table.add_row(each.service, f"{each.live:,}", spread(each.cpu), spread(each.database_cpu))
    return table


def _middle(series: list[float]) -> str:
    return number(median(series)) if series else ""
