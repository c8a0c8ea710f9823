# SPDX-License-Identifier: Apache-2.0
"""The tables in docs/performance.md."""

from benchmarks.growth.figures import Figures
from benchmarks.harness.figures import Series, one_run
from benchmarks.harness.page import growth_table

_SHOWN = {"request": "µs of processor", "batch": "µs of processor for a batch", "took": "µs by the clock"}


def tables(figures: Figures) -> str:
    """One for each engine, and what was measured on."""
    engines = [
        growth_table(engine.about, figures.sizes, "logins", [(_name(series), series) for series in engine.series])
        for engine in figures.engines
    ]
    return "\n\n".join([*engines, one_run(figures.seconds, figures.machine)])


def _name(series: Series) -> str:
    return f"{series.name}, {_SHOWN.get(series.group, series.unit)}"
