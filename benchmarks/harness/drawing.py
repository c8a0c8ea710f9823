# SPDX-License-Identifier: Apache-2.0
"""Pictures of figures: SVG by hand, for light and dark pages, with the two engines in one pair of colours."""

import math
from collections.abc import Callable, Iterable
from html import escape

from benchmarks.harness.figures import Engine

NAMES: dict[Engine, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Scale = Callable[[float], float]
_MILLION = 1_000_000

_STYLE = """
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2933}
.title{font-size:15px;font-weight:600}.small{font-size:12px;fill:#52606d}
.grid{stroke:#e4e7eb}.paper{fill:#fff}
.sqlite{stroke:#1d6fa5;fill:#1d6fa5}.postgresql{stroke:#c05621;fill:#c05621}
path{fill:none!important;stroke-width:2}.whisker{stroke-width:1.2;opacity:.55}.between{stroke-width:2;opacity:.35}
circle.hollow{fill:#fff;stroke-width:2}text.sqlite,text.postgresql{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.small{fill:#9aa5b1}.grid{stroke:#323f4b}.paper{fill:#16202a}
.sqlite{stroke:#63b3ed;fill:#63b3ed}.postgresql{stroke:#f6ad55;fill:#f6ad55}circle.hollow{fill:#16202a}
text.sqlite,text.postgresql{stroke:none}}
"""


def document(width: int, height: int, said: str, drawn: Iterable[str]) -> str:
    """A whole picture; `said` is for whoever cannot see it."""
    size, named = f'viewBox="0 0 {width} {height}"', f'role="img" aria-label="{escape(said)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {named}>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """Words at a place; `kind` is a class of the style."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def between(low: float, high: float, start: float, end: float) -> Scale:
    """From a value's range to the picture's."""
    width = (high - low) or 1
    return lambda value: start + (value - low) / width * (end - start)


def round_up(value: float) -> float:
    """To a number that four steps divide well."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 4, 6, 8, 10) if step * unit >= value)


def short(count: int) -> str:
    """A count of logins or entries in few letters."""
    return f"{count // _MILLION} million" if count >= _MILLION else f"{count:,}"
