# SPDX-License-Identifier: Apache-2.0
"""The times as a picture: for each engine the share of answers that were there by then, one curve a kind."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from attack.enumeration_figures import OTHERS, EngineRuns, Figures
from attack.enumeration_people import KINDS
from benchmarks.harness.drawing import Scale, between, document, path, rulings, text, uprights
from benchmarks.harness.figures import NAMES

WIDTH, HEIGHT = 980, 420
TOP, BOTTOM = 84, 350
LEFT, RIGHT = 76, 450
SECOND: Final = 478
"""How much further to the right the second panel is."""
_PERCENTS: Final = (0, 25, 50, 75, 100)
_SLOWEST: Final = 0.9
"""The rest is a tail that would leave the curves no room."""
_MOST_STEPS: Final = 6
_SIZES: Final = tuple(size * 10**power for power in range(1, 7) for size in (1, 2, 5))
_LINE: Final = 17
"""From one line of words to the next."""


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    drawn = [
        part
        for place, engine in enumerate(figures.engines)
        for part in _panel(engine, LEFT + place * SECOND, RIGHT + place * SECOND)
    ]
    return document(WIDTH, HEIGHT, _said(figures), drawn)


def reach(engine: EngineRuns) -> tuple[float, float]:
    """From the quickest answer to where nearly all are there, in microseconds."""
    every = sorted(time for kind in KINDS for time in engine.pooled(kind))
    return float(every[0]), float(every[int((len(every) - 1) * _SLOWEST)] + 1)


def _said(figures: Figures) -> str:
    """For whoever cannot see it."""
    told = [
        f"{NAMES[engine.engine]}: smallest p {min(run.p_of(kind) for run in engine.runs for kind in OTHERS):.2g}"
        for engine in figures.engines
    ]
    return f"Time to the answer for {', '.join(KINDS)} addresses: the curves lie upon each other. {'; '.join(told)}."


def _panel(engine: EngineRuns, left: float, right: float) -> Iterator[str]:
    low, high = reach(engine)
    across, up = between(low, high, left, right), between(0, 100, BOTTOM, TOP)
    yield text(left - 52, 34, f"{NAMES[engine.engine]}: time to the answer", "title")
    yield text(left - 52, 54, f"percent of answers that were there by then; {len(engine.runs)} runs", "small")
    yield from rulings(left, right, [(f"{value}", up(value)) for value in _PERCENTS])
    yield from uprights(TOP, BOTTOM, [(f"{value / 1000:g}", across(value)) for value in _steps(low, high)], 22)
    yield text((left + right) / 2, BOTTOM + 44, "milliseconds", "small", "middle")
    known, seen = engine.pooled("known"), engine.would_be_seen
    yield path(f"{engine.engine} between", _curve([time + seen for time in known], high, across, up))
    for kind in OTHERS:
        yield path(f"{engine.engine} whisker", _curve(engine.pooled(kind), high, across, up))
    yield path(engine.engine, _curve(known, high, across, up))
    yield from _legend(engine, right, seen)


def _steps(low: float, high: float) -> list[int]:
    """Round numbers of microseconds, some between those."""
    step = next(size for size in _SIZES if (high - low) / size <= _MOST_STEPS)
    return list(range(math.ceil(low / step) * step, math.floor(high) + 1, step))


def _legend(engine: EngineRuns, right: float, seen: float) -> Iterator[str]:
    """Where no curve comes: below them, where all are nearly at their end."""
    lines = [
        "p against known, in each run",
        *(f"{kind}  {',  '.join(f'{run.p_of(kind):.2f}' for run in engine.runs)}" for kind in OTHERS),
        f"pale: {seen:.0f} µs later, seen in each run",
    ]
    for place, words in enumerate(reversed(lines)):
        yield text(right - 8, BOTTOM - 10 - place * _LINE, words, "small", "end")


def _curve(times: Sequence[float], furthest: float, across: Scale, up: Scale) -> list[tuple[float, float]]:
    """The empirical distribution, by every percent of it that lies within the panel."""
    ordered = sorted(times)
    steps = [(ordered[(len(ordered) - 1) * percent // 100], percent) for percent in range(101)]
    return [(across(time), up(percent)) for time, percent in steps if time <= furthest]
