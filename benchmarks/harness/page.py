# SPDX-License-Identifier: Apache-2.0
"""Tables in docs/performance.md, between marks, so that they are never written by hand."""

from collections.abc import Sequence


def with_section(page: str, name: str, shown: str) -> str:
    """The page with this between the marks of that name; `ValueError` where a mark is missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    return page[: page.index(begin) + len(begin)] + shown + page[page.index(end) :]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; what stands in the first column is words, everything else numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
