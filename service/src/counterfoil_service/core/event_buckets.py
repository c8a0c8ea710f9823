# SPDX-License-Identifier: Apache-2.0
"""Counts of events by time: which buckets there are, how long each is kept, and which of them make up a stretch.

Times and widths are in microseconds UTC. A bucket begins at a multiple of its width, and holds what is not before that
and before the next one's beginning.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

_SECOND: Final = 1_000_000
FIVE_MINUTES: Final = 300 * _SECOND
HOUR: Final = 3_600 * _SECOND
DAY: Final = 86_400 * _SECOND

WIDTHS: Final = (DAY, HOUR, FIVE_MINUTES)
"""Each is a multiple of the next."""
KEPT: Final[Mapping[int, int]] = {FIVE_MINUTES: 2 * DAY, HOUR: 62 * DAY}
"""For this long after their end; those of a day are never deleted: a few hundred rows each."""

BARS: Final = (
    *(FIVE_MINUTES, 3 * FIVE_MINUTES, 6 * FIVE_MINUTES),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR),
    *(DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY),
)
"""Widths that people read off a plot; of a month the days, which are counted as such."""


class Stretch(msgspec.Struct, frozen=True):
    """Every bucket of one width from the one at `since` to before the one at `until`."""

    width: int
    since: int
    until: int


def finest(time: int, now: int) -> int:
    """The narrowest width whose bucket around `time` is still kept."""
    return next((width for width in reversed(WIDTHS) if width not in KEPT or time >= now - KEPT[width]), DAY)


def forgotten_before(width: int, now: int) -> int:
    """Buckets of this width that begin earlier are deleted."""
    return now - KEPT[width] - width


def cover(since: int, until: int, now: int) -> list[Stretch]:
    """The fewest buckets that hold what was from `since` to before `until`, in the order of time.

    Both ends are taken outwards to whole buckets of the finest width that is kept at `since`; one at `now` or later to
    the end of a day, as there is nothing behind it.
    """
    width = finest(since, now)
    return list(_within(floor(since, width), ceiling(until, DAY if until >= now else width), WIDTHS))


def _within(since: int, until: int, widths: Sequence[int]) -> Iterator[Stretch]:
    """Whole buckets of the first width, and what is left on both sides of them of the others."""
    if since >= until:
        return
    widest, finer = widths[0], widths[1:]
    first, last = ceiling(since, widest), floor(until, widest)
    if first >= last:
        yield from _within(since, until, finer)
        return
    yield from _within(since, first, finer)
    yield Stretch(widest, first, last)
    yield from _within(last, until, finer)


def bar_width(since: int, until: int, now: int, most: int) -> int:
    """The narrowest width of which at most `most` bars make up a plot, and whose counts are kept."""
    fits = (width for width in BARS if width >= finest(since, now) and until - since <= most * width)
    return next(fits, BARS[-1])


def counted_by(width: int) -> int:
    """The widest of the buckets of which bars of this width are made; a ValueError for one that is made of none."""
    for each in WIDTHS:
        if width % each == 0:
            return each
    raise ValueError("a bar is a whole number of five minutes wide")


def floor(time: int, width: int) -> int:
    """Where the bucket around a time begins."""
    return time // width * width


def ceiling(time: int, width: int) -> int:
    """Where the first bucket begins that has nothing from before a time."""
    return -(-time // width) * width
