# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: what each request costs at each number of logins, both on scales of powers of ten."""

import math
from collections.abc import Iterator, Sequence

from benchmarks.growth.figures import MOST_GROWTH, Figures, judged_growth
from benchmarks.harness.drawing import (
    Scale,
    apart,
    by_powers,
    document,
    path_of_rounds,
    rulings,
    short,
    sizes_below,
    text,
)
from benchmarks.harness.figures import NAMES, EngineSeries, Series

WIDTH, HEIGHT = 980, 500
TOP, BOTTOM = 84, 436
PANEL, LEFT, RIGHT = 480, 96, 288
"""Of each engine: its width, and where its lines begin and end."""
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
    growths = [f"{NAMES[engine.engine]}: {', '.join(map(_grows, engine.judged))}" for engine in figures.engines]
    sizes = f"Cost at {max(figures.sizes):,} logins against {min(figures.sizes):,}, {MOST_GROWTH} at the most."
    return f"{sizes} {'; '.join(growths)}."


def _grows(series: Series) -> str:
    return f"{series.name} {judged_growth(series):.2f}"


def _up(figures: Figures) -> Scale:
    """From microseconds to the picture's height; whole powers of ten at both ends."""
    costs = [cost for engine in figures.engines for series in engine.judged for cost in _all(series)]
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    return by_powers(_DECADE**low, _DECADE**high, BOTTOM, TOP)


def _all(series: Series) -> list[float]:
    return [cost for rounds in series.rounds.values() for cost in rounds]


def _panel(engine: EngineSeries, sizes: Sequence[int], left: float, up: Scale) -> list[str]:
    across = by_powers(min(sizes), max(sizes), left + LEFT + 14, left + RIGHT)
    steps = [(short(size), across(size)) for size in sizes]
    drawn = [
        text(left + LEFT, TOP - 12, NAMES[engine.engine], engine.engine),
        *rulings(left + LEFT, left + RIGHT, _powers(up), aside=8),
        *sizes_below(BOTTOM, steps, left + (LEFT + RIGHT) / 2, "logins in the history"),
    ]
    for series in engine.judged:
        drawn += path_of_rounds(engine.engine, series, across, up)
    heights = apart([up(series.median(max(sizes))) for series in engine.judged])
    for series, y in zip(engine.judged, heights, strict=True):
        drawn.append(text(left + RIGHT + 12, y + 4, _grows(series), engine.engine))
    return drawn


def _powers(up: Scale) -> Iterator[tuple[str, float]]:
    """Those of ten that have a place in the picture, and their places."""
    value = 1.0
    while up(value) > TOP - 1:
        if up(value) <= BOTTOM + 1:
            yield f"{value:,.0f}", up(value)
        value *= _DECADE
