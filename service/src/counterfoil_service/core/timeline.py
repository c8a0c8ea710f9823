# SPDX-License-Identifier: Apache-2.0
"""When events happened, as bars of one width: which span a filter shows, and how wide its bars are."""

from collections.abc import Iterable
from typing import Final

import msgspec

from counterfoil_service.core.event_buckets import DAY, bar_width, ceiling, floor
from counterfoil_service.core.event_filter import EventFilter

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
MOST_BARS: Final = 72
_NARROW: Final = (SECOND, 10 * SECOND, MINUTE)
"""Below what events are counted by as they are sealed."""


class Span(msgspec.Struct, frozen=True):
    """`count` bars, each `width` microseconds, the first from `start` on (microseconds UTC, a multiple of `width`)."""

    start: int
    width: int
    count: int

    @property
    def end(self) -> int:
        """Where the last bar ends."""
        return self.start + self.width * self.count


class TimelineBar(msgspec.Struct, frozen=True):
    """How many events happened from `start` to before `end`, and how many of them were failures."""

    start: int
    end: int
    events: int
    failures: int


def span_of(wanted: EventFilter, now: int) -> Span:
    """Whole bars around what a filter asks for: up to this moment at most, and one day where it names no beginning."""
    until = max(min(wanted.until, now + 1), wanted.since + 1, 1)
    since = max(wanted.since or until - DAY, 0)
    # Both ends may be inside a bar.
    narrow = (width for width in _NARROW if until - since <= (MOST_BARS - 1) * width)
    width = next(narrow, None) or bar_width(since, until, now, MOST_BARS - 1)
    start = floor(since, width)
    return Span(start, width, (ceiling(until, width) - start) // width)


def bars_of(span: Span, counts: Iterable[tuple[int, int, int]]) -> list[TimelineBar]:
    """Every bar of the span. Each of `counts` is a moment, the events there, and the failures among them."""
    sums = [[0, 0] for _ in range(span.count)]
    for moment, events, failures in counts:
        place = (moment - span.start) // span.width
        if 0 <= place < span.count:
            sums[place][0] += events
            sums[place][1] += failures
    starts = range(span.start, span.end, span.width)
    return [
        TimelineBar(start, start + span.width, events, failures)
        for start, (events, failures) in zip(starts, sums, strict=True)
    ]
