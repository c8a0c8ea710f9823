# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: from approval to answer, and the share of a core, for held polls and for plain ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.harness.drawing import Scale, apart, between, by_powers, document, dot, path, rulings, sizes_below, text
from benchmarks.harness.figures import NAMES, number
from benchmarks.waiting.figures import EngineFigures, Figures, SizeFigures

WIDTH, HEIGHT = 980, 430
TOP, BOTTOM = 84, 360
LEFT, RIGHT, INSET = 76, 300, 14
"""Of a panel: where its rulings begin and end, and how much further in its points begin."""
SECOND = 520
"""How much further to the right the second panel is."""
_MILLISECONDS = (1, 10, 100, 1_000, 10_000)
_PERCENTS = (0, 25, 50, 75, 100)

Value = Callable[[SizeFigures], float | None]
Values = Mapping[str, Value]
_WAKES: Values = {
    "held": lambda size: size.held.wake.p99,
    "polling": lambda size: None if size.polling is None or size.polling.wake is None else size.polling.wake.p99,
}
_CORES: Values = {
    "held": lambda size: size.held.renewing or size.held.idle,
    "polling": lambda size: None if size.polling is None else size.polling.busy,
}


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    latency, share = by_powers(1, _MILLISECONDS[-1], BOTTOM, TOP), between(0, _PERCENTS[-1], BOTTOM, TOP)

    def within(milliseconds: float) -> float:
        return latency(min(max(milliseconds, _MILLISECONDS[0]), _MILLISECONDS[-1]))

    drawn = [
        text(24, 34, "From approval to answer, 99th percentile", "title"),
        text(24, 54, "milliseconds; hollow: plain polling every 5 s", "small"),
        text(24 + SECOND, 34, "One core, with every desktop waiting", "title"),
        text(24 + SECOND, 54, "percent; hollow: plain polling every 5 s", "small"),
        *_panel(figures, LEFT, [(f"{value:,}", latency(value)) for value in _MILLISECONDS], within, _WAKES),
        *_panel(figures, LEFT + SECOND, [(f"{value}", share(value)) for value in _PERCENTS], share, _CORES),
    ]
    return document(WIDTH, HEIGHT, _said(figures), drawn)


def _said(figures: Figures) -> str:
    """For whoever cannot see it."""
    told = [
        f"{NAMES[engine.engine]}: {number(size.held.wake.p99)} ms at {size.desktops:,} desktops"
        for engine in figures.engines
        for size in engine.sizes
    ]
    return f"From approval to answer, 99th percentile. {'; '.join(told)}."


def _panel(figures: Figures, left: int, steps: Sequence[tuple[str, float]], up: Scale, values: Values) -> Iterator[str]:
    sizes = sorted({size.desktops for engine in figures.engines for size in engine.sizes})
    # Points of one size stand above each other: there is no line whose length a wider panel could show.
    right = left + (RIGHT - LEFT if len(sizes) > 1 else 2 * INSET)
    across = by_powers(sizes[0], sizes[-1], left + INSET, right)
    yield from rulings(left, right, steps)
    named = [(f"{size / 1000:g}k", across(size)) for size in sizes]
    yield from sizes_below(BOTTOM, named, (left + right) / 2, "desktops")
    lines = [
        (engine.engine, kind, points)
        for engine in figures.engines
        for kind, value in values.items()
        if (points := _points(engine, across, up, value))
    ]
    heights = apart([points[-1][1] for _, _, points in lines], lowest=BOTTOM)
    for (engine, kind, points), y in zip(lines, heights, strict=True):
        yield path(engine, points)
        yield from (dot(f"{engine} hollow" if kind == "polling" else engine, *point) for point in points)
        yield text(right + 12, y + 4, f"{kind}, {NAMES[engine]}", engine)


def _points(engine: EngineFigures, across: Scale, up: Scale, value: Value) -> list[tuple[float, float]]:
    return [(across(size.desktops), up(each)) for size in engine.sizes if (each := value(size)) is not None]
