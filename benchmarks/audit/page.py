# SPDX-License-Identifier: Apache-2.0
"""The tables in docs/performance.md, between two marks, so that they are never written by hand."""

from collections.abc import Sequence

from benchmarks.audit.figures import EngineFigures, Figures
from benchmarks.harness.figures import Series, number
from benchmarks.harness.page import table, with_section

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


def with_tables(page: str, figures: Figures) -> str:
    """The page with the tables of these figures; `ValueError` where a mark is missing."""
    tables = [_engine(engine, figures.sizes) for engine in figures.engines]
    shown = "\n\n".join([*tables, _pages(figures), _run(figures)])
    return with_section(page, "bench-audit", shown)


def _engine(engine: EngineFigures, sizes: Sequence[int]) -> str:
    head = [engine.about, *(f"{size:,} entries" for size in sizes), "growth, and in single rounds"]
    rows = [_row(series, sizes) for series in engine.series if series.name in _SHOWN or series.group == "verify"]
    return table(head, rows)


def _row(series: Series, sizes: Sequence[int]) -> list[str]:
    name = f"{_SHOWN.get(series.name, '`audit verify`, whole command')}, {series.unit}"
    growths = series.growths
    spread = "" if min(growths) == max(growths) else f" ({min(growths):.2f} to {max(growths):.2f})"
    return [name, *(number(series.median(size)) for size in sizes), f"{series.growth:.2f}{spread}"]


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


def _run(figures: Figures) -> str:
    return f"One run of {figures.seconds:.0f} s: {figures.machine}."
