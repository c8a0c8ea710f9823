# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: what each request costs at each number of logins, both on scales of powers of ten."""

import math
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.audit.figures import EngineFigures
from benchmarks.growth.figures import MOST_GROWTH, Figures, judged, judged_growth
from benchmarks.harness.drawing import NAMES, Scale, between, document, short, text
from benchmarks.harness.figures import Engine, Series

WIDTH, HEIGHT = 980, 500
TOP, BOTTOM = 84, 436
PANEL, LEFT, RIGHT = 480, 68, 268
"""Of each engine: its width, and where its lines begin and end."""
LABEL = 15
"""Between two labels at least."""
_DECADE = 10.0


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    drawn = [
        text(24, 34, "Microseconds of processor for one request, and for one batch of the sweeper", "title"),
        text(
            24,
            54,
            "median and spread of the rounds; behind each name its growth, that of a batch from the second size on",
            "small",
        ),
    ]
    up = _up(figures)
    for place, engine in enumerate(figures.engines):
        drawn += _panel(engine, figures.sizes, place * PANEL, up)
    return document(WIDTH, HEIGHT, _said(figures), drawn)


def _said(figures: Figures) -> str:
    """For whoever cannot see it."""
    growths = [f"{NAMES[engine.engine]}: {', '.join(map(_grows, judged(engine)))}" for engine in figures.engines]
    sizes = f"Cost at {max(figures.sizes):,} logins against {min(figures.sizes):,}, {MOST_GROWTH} at the most."
    return f"{sizes} {'; '.join(growths)}."


def _grows(series: Series) -> str:
    return f"{series.name} {judged_growth(series):.2f}"


def _up(figures: Figures) -> Scale:
    """From microseconds to the picture's height; whole powers of ten at both ends."""
    costs = [cost for engine in figures.engines for series in judged(engine) for cost in _all(series)]
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    scale = between(low, high, BOTTOM, TOP)
    return lambda cost: scale(math.log10(cost))


def _all(series: Series) -> list[float]:
    return [cost for rounds in series.rounds.values() for cost in rounds]


def _panel(engine: EngineFigures, sizes: Sequence[int], left: float, up: Scale) -> list[str]:
    wide = between(math.log10(min(sizes)), math.log10(max(sizes)), left + LEFT + 14, left + RIGHT)
    places = [wide(math.log10(size)) for size in sizes]
    middle = left + (LEFT + RIGHT) / 2
    drawn = [text(left + LEFT, TOP - 12, NAMES[engine.engine], engine.engine)]
    value = 1.0
    while up(value) > TOP - 1:
        if up(value) <= BOTTOM + 1:
            at = f'y1="{up(value):.1f}" y2="{up(value):.1f}"'
            drawn.append(f'<line class="grid" x1="{left + LEFT}" x2="{left + RIGHT}" {at}/>')
            drawn.append(text(left + LEFT - 8, up(value) + 4, f"{value:,.0f}", "small", "end"))
        value *= _DECADE
    drawn += [text(x, BOTTOM + 22, short(size), "small", "middle") for x, size in zip(places, sizes, strict=True)]
    drawn.append(text(middle, BOTTOM + 44, "logins in the history", "small", "middle"))
    shown = judged(engine)
    for series in shown:
        drawn += _line(engine.engine, series, list(zip(places, sizes, strict=True)), up)
    heights = _apart([up(series.median(max(sizes))) for series in shown])
    for series, y in zip(shown, heights, strict=True):
        drawn.append(text(left + RIGHT + 12, y + 4, _grows(series), engine.engine))
    return drawn


def _line(engine: Engine, series: Series, at: Sequence[tuple[float, int]], up: Scale) -> list[str]:
    points = [(x, up(series.median(size))) for x, size in at]
    path = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))
    drawn = [f'<path class="{engine}" d="{path}"/>']
    for (x, size), (_, y) in zip(at, points, strict=True):
        low, high = up(min(series.rounds[size])), up(max(series.rounds[size]))
        drawn.append(f'<line class="{engine} whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        drawn.append(f'<circle class="{engine}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
    return drawn


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights as near to these as can be where no label covers another: each moves the ones below it down."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    heights = {place: wanted[place] for place in order}
    for above, below in pairwise(order):
        heights[below] = max(heights[below], heights[above] + LABEL)
    return [heights[place] for place in range(len(wanted))]
