# SPDX-License-Identifier: Apache-2.0
"""The ratios as a picture: what was reached, between the lines of what must be and what we aim for."""

from collections.abc import Sequence

from benchmarks.harness.drawing import Scale, between, document, dot, line, text
from benchmarks.sign_in.figures import Figures, Ratio

WIDTH, TOP, ROW = 980, 92, 30
LEFT, RIGHT = 470, 900
_LONGEST = 2.2
"""Of the scale, in what must be: a ratio beyond it ends there."""


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    ratios = figures.ratios
    height = TOP + ROW * len(ratios) + 30
    return document(WIDTH, height, _said(ratios), [*_heading(height), *_rows(ratios)])


def _said(ratios: Sequence[Ratio]) -> str:
    return "; ".join(f"{ratio.name}: {ratio.middle:.2f}, {_bound(ratio)} {ratio.must:g}" for ratio in ratios)


def _bound(ratio: Ratio) -> str:
    return "at most" if ratio.at_most else "at least"


def _across() -> Scale:
    return between(0, _LONGEST, LEFT, RIGHT)


def _heading(height: int) -> list[str]:
    x = _across()(1)
    return [
        text(24, 34, "What was reached, in parts of what must be", "title"),
        text(24, 54, "filled: middle round (orange: missed); line: all rounds; hollow: what we aim for", "small"),
        line("grid", x, x, TOP - 18, height - 18),
        text(x, TOP - 24, "must", "small", "middle"),
    ]


def _rows(ratios: Sequence[Ratio]) -> list[str]:
    drawn: list[str] = []
    for row, ratio in enumerate(ratios):
        y = TOP + ROW * (row + 0.5)
        kind = "postgresql" if ratio.missed else "sqlite"
        places = [_across()(min(_part(ratio, value), _LONGEST)) for value in (*ratio.rounds, ratio.aim, ratio.middle)]
        *rounds, aim, middle = places
        drawn += [
            text(LEFT - 16, y + 4, ratio.name, "", "end"),
            line(f"{kind} whisker", min(rounds), max(rounds), y, y),
            dot(f"{kind} hollow", aim, y),
            dot(kind, middle, y, 4.5),
            text(RIGHT + 14, y + 4, f"{ratio.middle:.2f}", kind),
        ]
    return drawn


def _part(ratio: Ratio, value: float) -> float:
    """Further to the right is better, whichever way it is judged."""
    return ratio.must / value if ratio.at_most else value / ratio.must
