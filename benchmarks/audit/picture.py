# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: what a write costs at each size, and a page by each filter at the smallest and largest."""

from benchmarks.audit.figures import Figures
from benchmarks.harness.drawing import (
    Scale,
    between,
    by_powers,
    document,
    dot,
    line,
    path_of_rounds,
    quarters,
    round_up,
    rulings,
    short,
    sizes_below,
    text,
    uprights,
)
from benchmarks.harness.figures import NAMES, Engine, Series

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
        for series in engine.judged
    ]
    return f"Cost at {max(figures.sizes):,} entries against {min(figures.sizes):,}. {'; '.join(growths)}."


def _writes(figures: Figures) -> list[str]:
    """A line for each engine and kind of write, from size to size, with the spread of its rounds."""
    lines = [(engine.engine, series) for engine in figures.engines for series in engine.judged]
    highest = round_up(1.15 * max(series.median(size) for _, series in lines for size in figures.sizes))
    across = by_powers(min(figures.sizes), max(figures.sizes), LINES_LEFT + 14, LINES_RIGHT)
    up = between(0, highest, BOTTOM, TOP)
    drawn = [text(24, 34, "Writing: microseconds an event", "title"),
             text(24, 54, "median and spread of the rounds", "small"),
             *rulings(LINES_LEFT, LINES_RIGHT, quarters(highest, up, "g")),
             *sizes_below(
                 BOTTOM,
                 [(short(size), across(size)) for size in figures.sizes],
                 (LINES_LEFT + LINES_RIGHT) / 2,
                 "entries in the log",
             )]  # fmt: skip
    for engine, series in lines:
        drawn += _line(engine, series, across, up)
    return drawn


def _line(engine: Engine, series: Series, across: Scale, up: Scale) -> list[str]:
    def aside(size: float) -> float:
        return across(size) + _ASIDE[engine]

    x, y = aside(max(series.rounds)), up(series.median(max(series.rounds)))
    label = text(x + 12, y + 4, f"{series.name.partition(',')[0]}, {NAMES[engine]}", engine)
    return [*path_of_rounds(engine, series, aside, up, TOP - 8.0), label]


def _pages(figures: Figures) -> list[str]:
    """For each filter the smallest log, hollow, and the largest, filled."""
    small, large = min(figures.sizes), max(figures.sizes)
    names = [series.name for series in figures.engines[0].of("page")]
    shown = [(engine.engine, series) for engine in figures.engines for series in engine.of("page")]
    furthest = round_up(1.05 * max(series.median(size) for _, series in shown for size in (small, large)))
    across = between(0, furthest, PAGES_LEFT, PAGES_RIGHT)
    drawn = [text(500, 34, "Reading: milliseconds for a page of 100 events", "title"),
             *_legend(500, 54, small, large),
             *uprights(TOP, BOTTOM, quarters(furthest, across, "g"), below=22)]  # fmt: skip
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
        line(f"{engine} between", small, large, y, y),
        dot(f"{engine} hollow", small, y, 3.5),
        dot(engine, large, y),
    ]


def _legend(x: float, y: float, small: int, large: int) -> list[str]:
    return [
        dot("sqlite hollow", x + 5, y - 4, 3.5),
        text(x + 15, y, f"{short(small)} entries", "small"),
        dot("sqlite", x + 115, y - 4),
        text(x + 125, y, f"{short(large)} entries", "small"),
        text(x + 240, y, "SQLite", "sqlite"),
        text(x + 300, y, "PostgreSQL", "postgresql"),
    ]
