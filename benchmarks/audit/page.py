# SPDX-License-Identifier: Apache-2.0
"""The tables in docs/performance.md."""

from collections.abc import Sequence

from benchmarks.audit.figures import Figures
from benchmarks.harness.figures import EngineSeries, Series, number, one_run
from benchmarks.harness.page import growth_table, table

_SHOWN = {
    "append, 100 in a transaction": "append, among 100 in a transaction",
    "append and its commit": "append, with a commit of its own",
    "seal, 1,000 at a time": "seal, among 1,000",
    "inclusion proof, made": "make an inclusion proof",
    "inclusion proof, largest": "largest proof",
    "its file, largest": "its file",
    "together": "on disk, as it grew",
    "together, packed": "on disk, packed",
}
"""The rows of an engine's table; what is missing here stays in the figures."""


def tables(figures: Figures) -> str:
    """One for each engine, one of pages, and what was measured on."""
    engines = [_engine(engine, figures.sizes) for engine in figures.engines]
    return "\n\n".join([*engines, _pages(figures), one_run(figures.seconds, figures.machine)])


def _engine(engine: EngineSeries, sizes: Sequence[int]) -> str:
    shown = [series for series in engine.series if series.name in _SHOWN or series.group == "verify"]
    return growth_table(engine.about, sizes, "entries", [(_name(series), series) for series in shown])


def _name(series: Series) -> str:
    return f"{_SHOWN.get(series.name, '`audit verify`, whole command')}, {series.unit}"


def _pages(figures: Figures) -> str:
    small, large = min(figures.sizes), max(figures.sizes)
    engines = [(engine, size) for engine in figures.engines for size in (small, large)]
    head = ["a page of 100, ms", *(f"{engine.about.partition(' ')[0]}, {size:,}" for engine, size in engines)]
    first, middle = (
        {(engine.engine, series.name): series for engine in figures.engines for series in engine.of(group)}
        for group in ("page", "page in the middle")
    )
    names = [series.name for series in figures.engines[0].of("page")]
    rows = [
        [name, *(_both(first[engine.engine, name], middle[engine.engine, name], size) for engine, size in engines)]
        for name in names
    ]
    return table(head, rows)


def _both(first: Series, middle: Series, size: int) -> str:
    return f"{number(first.median(size))} / {number(middle.median(size))}"
