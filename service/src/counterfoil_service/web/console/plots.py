# SPDX-License-Identifier: Apache-2.0
"""Plots as numbers: where each column, line and label goes. `plots.html` draws them, the stylesheet colours them.

Across, places are in percent of the room there is, down, in pixels: a plot fits any screen, and its letters stay as
large as all others.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from counterfoil_service.core.event_buckets import BARS, DAY

HEIGHT: Final = 200
"""Of the room for columns, in pixels; labels stand below it."""
_LINES: Final = 4
_TICKS: Final = 6
_LEAST: Final = 4.0
"""Pixels of a count that is not zero, however small it is beside others."""
_GAP: Final = 0.16
"""Of a column's room: what is left free beside it."""
_MINUTE: Final = 60_000_000
_APART: Final = (*(_MINUTE // parts for parts in (60, 12, 6, 2, 1)), *BARS)
"""Between labels: from a second on."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted from `start` (microseconds UTC) on; `name` says it in words, to ears and under a pointer.

    `href` makes it a link.
    """

    start: int
    good: int
    bad: int
    name: str
    href: str | None = None


class Drawn(msgspec.Struct, frozen=True):
    """A column in its place: `good` at the bottom and `bad` upon it, each with its upper edge and its height."""

    column: Column
    left: float
    width: float
    room: float
    good_top: float
    good_height: float
    bad_top: float
    bad_height: float

    @property
    def room_left(self) -> float:
        """Where the room of this column begins, all of which is a link where the column is one."""
        return round(self.left - (self.room - self.width) / 2, 3)


class Mark(msgspec.Struct, frozen=True):
    """A label and where it stands: percent from the left, or pixels from the top."""

    at: float
    label: str


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is drawn; columns begin at `start`, each is `width` (microseconds UTC)."""

    height: int
    start: int
    width: int
    columns: list[Drawn]
    lines: list[Mark]
    ticks: list[Mark]

    @property
    def leads(self) -> bool:
        """Whether columns are links."""
        return any(drawn.column.href is not None for drawn in self.columns)


def plot_columns(columns: Sequence[Column], width: int, height: int = HEIGHT) -> Plot:
    """Columns of one `width` (microseconds), in the order of time, one for each that there is room for.

    `height` is in pixels.
    """
    step = _step(max((column.good + column.bad for column in columns), default=0))
    top = step * max(1, *(-(-(column.good + column.bad) // step) for column in columns), 1)
    room = 100 / max(1, len(columns))
    return Plot(
        height=height,
        start=columns[0].start if columns else 0,
        width=width,
        columns=[_drawn(column, number * room, room, height / top, height) for number, column in enumerate(columns)],
        lines=[Mark(round(height - height * value / top, 2), f"{value:,}") for value in range(0, top + 1, step)],
        ticks=_ticks(columns, width, room),
    )


def _drawn(column: Column, left: float, room: float, each: float, height: int) -> Drawn:
    """`each` is how tall one of what is counted is."""
    good, bad = (max(_LEAST, count * each) if count else 0.0 for count in (column.good, column.bad))
    # What is drawn larger than it is must not reach beyond the plot.
    bad = min(bad, height - _LEAST if good else height)
    good = min(good, height - bad)
    free = room * _GAP
    places = (left + free / 2, room - free, room, height - good, good, height - good - bad, bad)
    return Drawn(column, *(round(place, 3) for place in places))


def _step(largest: int) -> int:
    """1, 2 or 5, or ten times as much, and so on: a few lines below the largest, on whole numbers."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if largest <= _LINES * times * power:
                return times * power
        power *= 10


def _ticks(columns: Sequence[Column], width: int, room: float) -> list[Mark]:
    apart = next((each for each in _APART if each % width == 0 and len(columns) * width <= _TICKS * each), BARS[-1])
    return [
        Mark(round(number * room, 3), tick_label(column.start, apart))
        for number, column in enumerate(columns)
        if column.start % apart == 0
    ]


def tick_label(time: int, apart: int) -> str:
    """`06:00`, or `06:00:15`; at midnight the day, as `16 Nov`, with its year where ticks are months apart."""
    moment = _utc(time)
    if time % DAY:
        return f"{moment:%H:%M:%S}" if apart < _MINUTE else f"{moment:%H:%M}"
    day = _day(moment)
    return f"{day} {moment.year}" if apart > 28 * DAY else day


def stretch_words(start: int, width: int) -> str:
    """`16 Nov, 06:00 to 12:00`, or `16 Nov`, or `16 Nov to 22 Nov`; in UTC."""
    first, last = _utc(start), _utc(start + width - 1)
    if width < DAY:
        return f"{_day(first)}, {first:%H:%M} to {_utc(start + width):%H:%M}"
    return _day(first) if width == DAY else f"{_day(first)} to {_day(last)}"


def _utc(time: int) -> datetime:
    return datetime.fromtimestamp(time // 1_000_000, UTC)


def _day(moment: datetime) -> str:
    # Not strftime, whose month names follow the locale of the process.
    return f"{moment.day} {_MONTHS[moment.month - 1]}"
