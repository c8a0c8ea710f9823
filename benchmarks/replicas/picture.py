# SPDX-License-Identifier: Apache-2.0
"""The figures as a picture: what a request costs replicas, nginx and PostgreSQL, with one replica and with two."""

from benchmarks.harness.drawing import between, document, quarters, round_up, text, uprights
from benchmarks.replicas.figures import Cost, Figures

WIDTH, TOP, LEFT, RIGHT = 860, 84, 210, 800
_BAR, _GAP, _GROUP = 18, 6, 62
_PARTS = ("replicas", "nginx", "postgresql")
_NAMES = {"replicas": "replicas", "nginx": "nginx", "postgresql": "PostgreSQL"}
_STYLE = """<style>.replicas{fill:#1d6fa5;stroke:none}.nginx{fill:#8a94a0;stroke:none}rect.postgresql{stroke:none}
text.replicas,text.nginx{font-weight:600}
@media(prefers-color-scheme:dark){.replicas{fill:#63b3ed}.nginx{fill:#a7b0ba}}</style>"""


def picture(figures: Figures) -> str:
    """An SVG document, for light and dark pages."""
    rows = [
        (load.name, [Cost.middle([each.cost for each in rounds]) for rounds in (load.one, load.two)])
        for load in figures.loads
    ]
    bottom = TOP + _GROUP * len(rows)
    furthest = round_up(1.05 * max(cost.total for _, costs in rows for cost in costs))
    across = between(0, furthest, LEFT, RIGHT)
    drawn = [
        _STYLE,
        text(24, 34, "CPU of a request, microseconds: one replica and two, behind nginx", "title"),
        *_legend(),
        *uprights(TOP - 8, bottom, quarters(furthest, across, ",.0f"), below=20),
    ]
    for place, (name, costs) in enumerate(rows):
        y = TOP + _GROUP * place
        drawn.append(text(24, y + _BAR + 8, name, ""))
        for number, cost in enumerate(costs):
            drawn += _bar(cost, y + number * (_BAR + _GAP), LEFT, (RIGHT - LEFT) / furthest, ("one", "two")[number])
    return document(WIDTH, bottom + 40, _said(rows), drawn)


def _bar(cost: Cost, y: float, left: float, scale: float, named: str) -> list[str]:
    drawn, x = [text(left - 10, y + _BAR - 4, named, "small", "end")], left
    for part in _PARTS:
        width = getattr(cost, part) * scale
        drawn.append(f'<rect class="{part}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}"/>')
        x += width
    return drawn


def _legend() -> list[str]:
    drawn, x = list[str](), 24
    for part in _PARTS:
        drawn.append(f'<rect class="{part}" x="{x}" y="46" width="11" height="11"/>')
        drawn.append(text(x + 17, 56, _NAMES[part], "small"))
        x += 100
    return drawn


def _said(rows: list[tuple[str, list[Cost]]]) -> str:
    """For whoever cannot see it."""
    told = [f"{name}: {one.total:,.0f} with one replica, {two.total:,.0f} with two" for name, (one, two) in rows]
    return f"Microseconds of CPU of a request. {'; '.join(told)}."
