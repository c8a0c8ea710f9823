# SPDX-License-Identifier: Apache-2.0
"""Pictures of figures: SVG by hand, for light and dark pages, with the two engines in one pair of colours."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise

from benchmarks.harness.figures import Series

LABEL = 15
"""Between the heights of two labels at least."""
_LETTER, _BLANK = 7, 8
"""How wide a letter of a small text may be, and what must stay free between two of them."""
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


def line(kind: str, x1: float, x2: float, y1: float, y2: float) -> str:
    """A straight one."""
    x1_, x2_, y1_, y2_ = map(_spelt, (x1, x2, y1, y2))
    return f'<line class="{kind}" x1="{x1_}" x2="{x2_}" y1="{y1_}" y2="{y2_}"/>'


def dot(kind: str, x: float, y: float, radius: float = 4) -> str:
    """A circle; filled, unless its kind is hollow."""
    return f'<circle class="{kind}" cx="{_spelt(x)}" cy="{_spelt(y)}" r="{radius:g}"/>'


def path(kind: str, points: Iterable[tuple[float, float]]) -> str:
    """From point to point."""
    ways = " ".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))
    return f'<path class="{kind}" d="{ways}"/>'


def path_of_rounds(kind: str, series: Series, across: Scale, up: Scale, highest: float = 0.0) -> Iterator[str]:
    """From median to median; at each the spread of its rounds, up to this height of the picture."""
    sizes = sorted(series.rounds)
    points = [(across(size), up(series.median(size))) for size in sizes]
    yield path(kind, points)
    for size, (x, y) in zip(sizes, points, strict=True):
        rounds = series.rounds[size]
        yield line(f"{kind} whisker", x, x, up(min(rounds)), max(up(max(rounds)), highest))
        yield dot(kind, x, y, 3.5)


def rulings(left: float, right: float, steps: Iterable[tuple[str, float]], aside: int = 10) -> Iterator[str]:
    """Lines across, each at its height, with its words so far to the left of it."""
    for words, y in steps:
        yield line("grid", left, right, y, y)
        yield text(left - aside, y + 4, words, "small", "end")


def uprights(top: float, bottom: float, steps: Iterable[tuple[str, float]], below: int) -> Iterator[str]:
    """Lines from top to bottom, each at its place, with its words so far below it."""
    for words, x in steps:
        yield line("grid", x, x, top, bottom)
        yield text(x, bottom + below, words, "small", "middle")


def sizes_below(bottom: float, steps: Sequence[tuple[str, float]], middle: float, things: str) -> Iterator[str]:
    """What stands below lines from size to size: the sizes that there is room for, and what there is so many of."""
    named: list[tuple[str, float]] = []
    # The ends first: they say where the lines begin and end.
    for words, x in (steps[0], steps[-1], *steps[1:-1]):
        if all(abs(x - other) >= _LETTER * (len(words) + len(said)) / 2 + _BLANK for said, other in named):
            named.append((words, x))
    yield from (text(x, bottom + 22, words, "small", "middle") for words, x in sorted(named, key=lambda step: step[1]))
    yield text(middle, bottom + 44, things, "small", "middle")


def apart(wanted: Sequence[float], lowest: float = math.inf) -> list[float]:
    """Heights as near to these as can be where no label covers another: each moves the ones below it down.

    Where the last would come to stand below the lowest height, they move up again.
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    heights = dict(enumerate(wanted))
    for above, below in pairwise(order):
        heights[below] = max(heights[below], heights[above] + LABEL)
    for place in reversed(order):
        heights[place] = min(heights[place], lowest)
        lowest = heights[place] - LABEL
    return [heights[place] for place in range(len(wanted))]


def _spelt(place: float) -> str:
    return str(place) if isinstance(place, int) else f"{place:.1f}"


def between(low: float, high: float, start: float, end: float) -> Scale:
    """From a value's range to the picture's."""
    width = (high - low) or 1
    return lambda value: start + (value - low) / width * (end - start)


def by_powers(low: float, high: float, start: float, end: float) -> Scale:
    """The same where each power of ten has the same room."""
    scale = between(math.log10(low), math.log10(high), start, end)
    return lambda value: scale(math.log10(value))


def quarters(furthest: float, scale: Scale, spelt: str) -> list[tuple[str, float]]:
    """Five steps from nothing to the furthest value: their words in this format, and their places."""
    return [(format(value, spelt), scale(value)) for value in (furthest * step / 4 for step in range(5))]


def round_up(value: float) -> float:
    """To a number that four steps divide well."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 4, 6, 8, 10) if step * unit >= value)


def short(count: int) -> str:
    """A count of logins or entries in few letters."""
    return f"{count // _MILLION} million" if count >= _MILLION else f"{count:,}"
