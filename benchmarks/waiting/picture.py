# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: from approval to answer, and the share of a core, for held polls and for plain ones."""

import math
from collections.abc import Callable, Iterator, Sequence

from benchmarks.harness.drawing import Scale, between, document, text
from benchmarks.harness.figures import NAMES, Engine, number
from benchmarks.waiting.figures import EngineFigures, Figures, SizeFigures

WIDTH, HEIGHT = 980, 430
TOP, BOTTOM = 84, 360
_PANELS = ((76, 300), (596, 820))
_MILLISECONDS = (1, 10, 100, 1_000, 10_000)
_PERCENTS = (0, 25, 50, 75, 100)

Value = Callable[[SizeFigures], float | None]


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    sizes = sorted({size.desktops for engine in figures.engines for size in engine.sizes})
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])
    wakes, cores = ((between(first, last, left + 14, right)) for left, right in _PANELS)
    latency = between(0, math.log10(_MILLISECONDS[-1]), BOTTOM, TOP)
    share = between(0, _PERCENTS[-1], BOTTOM, TOP)
    drawn = [
        text(24, 34, "From approval to answer, 99th percentile", "title"),
        text(24, 54, "milliseconds; hollow: plain polling every 5 s", "small"),
        text(544, 34, "One core, with every desktop waiting", "title"),
        text(544, 54, "percent; hollow: plain polling every 5 s", "small"),
        *_grid(_PANELS[0], sizes, wakes, [(f"{value:,}", latency(math.log10(value))) for value in _MILLISECONDS]),
        *_grid(_PANELS[1], sizes, cores, [(f"{value}", share(value)) for value in _PERCENTS]),
    ]
    for engine in figures.engines:
        drawn += _line(engine, "held", wakes, lambda value: latency(_log(value)), _held_wake)
        drawn += _line(engine, "polling", wakes, lambda value: latency(_log(value)), _polled_wake)
        drawn += _line(engine, "held", cores, share, _held_core)
        drawn += _line(engine, "polling", cores, share, _polled_core)
    return document(WIDTH, HEIGHT, _said(figures), drawn)


def _log(value: float) -> float:
    return math.log10(min(max(value, _MILLISECONDS[0]), _MILLISECONDS[-1]))


def _held_wake(size: SizeFigures) -> float | None:
    return size.held.wake.p99


def _polled_wake(size: SizeFigures) -> float | None:
    return None if size.polling is None or size.polling.wake is None else size.polling.wake.p99


def _held_core(size: SizeFigures) -> float | None:
    return size.held.renewing or size.held.idle


def _polled_core(size: SizeFigures) -> float | None:
    return None if size.polling is None else size.polling.busy


def _said(figures: Figures) -> str:
    """For whoever cannot see it."""
    told = [
        f"{NAMES[engine.engine]}: {number(size.held.wake.p99)} ms at {size.desktops:,} desktops"
        for engine in figures.engines
        for size in engine.sizes
    ]
    return f"From approval to answer, 99th percentile. {'; '.join(told)}."


def _grid(
    panel: tuple[int, int], sizes: Sequence[int], across: Scale, steps: Sequence[tuple[str, float]]
) -> Iterator[str]:
    left, right = panel
    for words, y in steps:
        yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield text(left - 10, y + 4, words, "small", "end")
    for size in sizes:
        yield text(across(math.log10(size)), BOTTOM + 22, f"{size / 1000:g}k", "small", "middle")
    yield text((left + right) / 2, BOTTOM + 44, "desktops", "small", "middle")


def _line(engine: EngineFigures, kind: str, across: Scale, up: Scale, value: Value) -> Iterator[str]:
    found = [(size.desktops, each) for size in engine.sizes if (each := value(size)) is not None]
    points = [(across(math.log10(desktops)), up(min(each, 1e9))) for desktops, each in found]
    if not points:
        return
    name: Engine = engine.engine
    path = " ".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))
    hollow = "" if kind == "held" else " hollow"
    yield f'<path class="{name}" d="{path}"/>'
    for x, y in points:
        yield f'<circle class="{name}{hollow}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    x, y = points[-1]
    yield text(x + 12, y + (4 if name == "sqlite" else 18), f"{kind}, {NAMES[name]}", name)
