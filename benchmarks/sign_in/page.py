# SPDX-License-Identifier: Apache-2.0
"""The comparison's tables in docs/performance.md."""

from statistics import median

from benchmarks.harness.figures import number, one_run, spread
from benchmarks.harness.page import table
from benchmarks.sign_in.figures import Figures
from benchmarks.sign_in.table import mebibytes, verdict


def tables(figures: Figures) -> str:
    """All of them, and what was measured on."""
    return "\n\n".join([_ratios(figures), _loads(figures), _sign_ins(figures), _starts(figures), _run(figures)])


def _ratios(figures: Figures) -> str:
    rows = [
        [
            ratio.name,
            spread(ratio.rounds),
            f"{'≤' if ratio.at_most else '≥'} {ratio.must:g}",
            f"{'≤' if ratio.at_most else '≥'} {ratio.aim:g}",
            verdict(ratio),
        ]
        for ratio in figures.ratios
    ]
    return table(["ratio", "middle round, and all", "must", "aim", ""], rows)


def _loads(figures: Figures) -> str:
    rows = [
        [
            f"{load.service}: {load.request}",
            *(number(median(series)) if series else "" for series in (load.per_second, load.cpu, load.database_cpu)),
            *(f"{median(series):.1f}" if series else "" for series in (load.p50, load.p99)),
        ]
        for load in figures.loads
    ]
    head = ["16 connections", "answers/s", "CPU, µs", "PostgreSQL's CPU, µs", "p50, ms", "p99, ms"]
    return table(head, rows)


def _sign_ins(figures: Figures) -> str:
    rows = [[each.service, f"{each.live:,}", spread(each.cpu), spread(each.database_cpu)] for each in figures.sign_ins]
    return table(["a whole sign-in", "live links", "CPU, µs", "PostgreSQL's CPU, µs"], rows)


def _starts(figures: Figures) -> str:
    rows = [[each.service, f"{median(each.seconds):.2f}", mebibytes(each.idle)] for each in figures.starts]
    return table(["start", "first answer after, s", "idle memory"], rows)


def _run(figures: Figures) -> str:
    versions = ", ".join(figures.versions.values())
    return one_run(figures.seconds, f"{figures.machine}; {versions}", figures.date)
