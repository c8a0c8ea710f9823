# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: what a write costs at each size, and a page by each filter at the smallest and largest."""

import math
from collections.abc import Sequence

from benchmarks.audit.figures import EngineFigures, Figures
from benchmarks.harness.drawing import NAMES, Scale, between, document, round_up, short, text
from benchmarks.harness.figures import Engine, Series

WIDTH, HEIGHT = 980, 456
TOP, BOTTOM = 84, 392
LINES_LEFT, LINES_RIGHT = 62, 330
PAGES_LEFT, PAGES_RIGHT = 672, 944
_ASIDE: dict[Engine, int] = {"sqlite": -3, "postgresql": 3}
"""So that the spreads of both engines are seen."""


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    return document(WIDTH, HEIGHT, _said(figures), [*_writes(figures), *_pages(figures)])


def _said(figures: Figures) -> str:
    """For whoever cannot see it."""
    growths = [
        f"{NAMES[engine.engine]}: {series.name.partition(',')[0]} {series.growth:.2f}"
        for engine in figures.engines
        for series in _judged(engine)
    ]
    return f"Cost at {max(figures.sizes):,} entries against {min(figures.sizes):,}. {'; '.join(growths)}."


def _judged(engine: EngineFigures) -> list[Series]:
    return [series for series in engine.series if series.judged]


def _writes(figures: Figures) -> list[str]:
    """A line for each engine and kind of write, from size to size, with the spread of its rounds."""
    lines = [(engine.engine, series) for engine in figures.engines for series in _judged(engine)]
    highest = round_up(1.15 * max(series.median(size) for _, series in lines for size in figures.sizes))
    across = between(math.log10(min(figures.sizes)), math.log10(max(figures.sizes)), LINES_LEFT + 14, LINES_RIGHT)
    up = between(0, highest, BOTTOM, TOP)
    drawn = [text(24, 34, "Writing: microseconds an event", "title"),
             text(24, 54, "median and spread of the rounds", "small")]  # fmt: skip
    for step in range(5):
        value = highest * step / 4
        drawn.append(
            f'<line class="grid" x1="{LINES_LEFT}" x2="{LINES_RIGHT}" y1="{up(value):.1f}" y2="{up(value):.1f}"/>'
        )
        drawn.append(text(LINES_LEFT - 10, up(value) + 4, f"{value:g}", "small", "end"))
    drawn += [text(across(math.log10(size)), BOTTOM + 22, short(size), "small", "middle") for size in figures.sizes]
    drawn.append(text((LINES_LEFT + LINES_RIGHT) / 2, BOTTOM + 44, "entries in the log", "small", "middle"))
    for engine, series in lines:
        drawn += _line(engine, series, figures.sizes, lambda size: across(math.log10(size)), up)
    return drawn


def _line(engine: Engine, series: Series, sizes: Sequence[int], across: Scale, up: Scale) -> list[str]:
    points = [(across(size) + _ASIDE[engine], up(series.median(size))) for size in sizes]
    path = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))
    drawn = [f'<path class="{engine}" d="{path}"/>']
    for size, (x, y) in zip(sizes, points, strict=True):
        low, high = up(min(series.rounds[size])), max(up(max(series.rounds[size])), TOP - 8)
        drawn.append(f'<line class="{engine} whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        drawn.append(f'<circle class="{engine}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
    x, y = points[-1]
    label = f"{series.name.partition(',')[0]}, {NAMES[engine]}"
    return [*drawn, text(x + 12, y + 4, label, engine)]


def _pages(figures: Figures) -> list[str]:
    """For each filter the smallest log, hollow, and the largest, filled."""
    small, large = min(figures.sizes), max(figures.sizes)
    names = [series.name for series in figures.engines[0].of("page")]
    shown = [(engine.engine, series) for engine in figures.engines for series in engine.of("page")]
    furthest = round_up(1.05 * max(series.median(size) for _, series in shown for size in (small, large)))
    across = between(0, furthest, PAGES_LEFT, PAGES_RIGHT)
    drawn = [text(500, 34, "Reading: milliseconds for a page of 100 events", "title"),
             *_legend(500, 54, small, large)]  # fmt: skip
    for step in range(5):
        value = furthest * step / 4
        x = across(value)
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}"/>')
        drawn.append(text(x, BOTTOM + 22, f"{value:g}", "small", "middle"))
    height = (BOTTOM - TOP) / len(names)
    for row, name in enumerate(names):
        middle = TOP + height * (row + 0.5)
        drawn.append(text(PAGES_LEFT - 14, middle + 4, name, "", "end"))
        same = [(engine, series) for engine, series in shown if series.name == name]
        for place, (engine, series) in enumerate(same):
            y = middle + 9 * (place - (len(same) - 1) / 2)
            drawn += _pair(engine, y, across(series.median(small)), across(series.median(large)))
    return drawn


def _pair(engine: str, y: float, small: float, large: float) -> list[str]:
    return [
        f'<line class="{engine} between" x1="{small:.1f}" x2="{large:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<circle class="{engine} hollow" cx="{small:.1f}" cy="{y:.1f}" r="3.5"/>',
        f'<circle class="{engine}" cx="{large:.1f}" cy="{y:.1f}" r="4"/>',
    ]


def _legend(x: float, y: float, small: int, large: int) -> list[str]:
    return [
        f'<circle class="sqlite hollow" cx="{x + 5}" cy="{y - 4}" r="3.5"/>',
        text(x + 15, y, f"{short(small)} entries", "small"),
        f'<circle class="sqlite" cx="{x + 115}" cy="{y - 4}" r="4"/>',
        text(x + 125, y, f"{short(large)} entries", "small"),
        text(x + 240, y, "SQLite", "sqlite"),
        text(x + 300, y, "PostgreSQL", "postgresql"),
    ]
