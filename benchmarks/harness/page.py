# SPDX-License-Identifier: Apache-2.0
"""Tables in docs/performance.md, between marks, so that they are never written by hand."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.harness.figures import Series, number

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
FIGURES = ROOT / "docs" / "performance"
"""The folder of what the page shows: pictures, and all figures."""


def write_section(name: str, shown: str) -> None:
    """Put it into the page."""
    PAGE.write_text(with_section(PAGE.read_text("utf-8"), name, shown), "utf-8")


def with_section(page: str, name: str, shown: str) -> str:
    """The page with this between the marks of that name; `ValueError` where a mark is missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    return page[: page.index(begin) + len(begin)] + shown + page[page.index(end) :]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; what stands in the first column is words, everything else numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def growth_table(about: str, sizes: Sequence[int], things: str, rows: Iterable[tuple[str, Series]]) -> str:
    """For each size of so many things the middle of the rounds; and how the largest stands to the smallest."""
    head = [about, *(f"{size:,} {things}" for size in sizes), "growth, and in single rounds"]
    cells = [
        [name, *(number(series.median(size)) for size in sizes), series.growth_and_spread] for name, series in rows
    ]
    return table(head, cells)
