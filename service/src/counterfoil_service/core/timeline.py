# SPDX-License-Identifier: Apache-2.0
"""When events happened, as bars of one width: which span a filter shows, and how wide its bars are."""

from collections.abc import Iterable
from typing import Final

import msgspec

from counterfoil_service.core.event_filter import MAX_TIME, EventFilter

SECOND: Final = 1_000_000
_MINUTE, _HOUR, _DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
DEFAULT_SPAN: Final = _DAY
"""Microseconds that are shown where no beginning was asked for."""
MOST_BARS: Final = 72
_WIDTHS: Final = (
    *(SECOND, 10 * SECOND, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 3 * _HOUR, 6 * _HOUR, _DAY, 7 * _DAY, 28 * _DAY),
)


class Span(msgspec.Struct, frozen=True):
    """`count` bars, each `width` microseconds, the first from `start` on (microseconds UTC, a multiple of `width`)."""

    start: int
    width: int
    count: int

    @property
    def end(self) -> int:
        """Where the last bar ends."""
        return self.start + self.width * self.count


class Bar(msgspec.Struct, frozen=True):
    """How many events happened from `start` to before `end`, and how many of them were failures."""

    start: int
    end: int
    events: int
    failures: int


def span_of(wanted: EventFilter, now: int) -> Span:
    """The span that a filter asks for: to this moment where it names no end, a day where it names no beginning."""
    until = min(wanted.until, now + 1) if wanted.until == MAX_TIME or wanted.since < now else wanted.until
    until = max(until, wanted.since + 1, 1)
    since = wanted.since or max(0, until - DEFAULT_SPAN)
    most = _WIDTHS[-1] * (1 + (until - since) // (_WIDTHS[-1] * (MOST_BARS - 1)))
    width = next((each for each in _WIDTHS if _bars(since, until, each) <= MOST_BARS), most)
    return Span(since // width * width, width, _bars(since, until, width))


def bars_of(span: Span, counts: Iterable[tuple[int, int, int]]) -> list[Bar]:
    """Every bar of the span. Each of `counts` is a moment within it, the events there, and the failures among them."""
    sums = [[0, 0] for _ in range(span.count)]
    for moment, events, failures in counts:
        place = (moment - span.start) // span.width
        if 0 <= place < span.count:
            sums[place][0] += events
            sums[place][1] += failures
    return [
        Bar(span.start + place * span.width, span.start + (place + 1) * span.width, events, failures)
        for place, (events, failures) in enumerate(sums)
    ]


def _bars(since: int, until: int, width: int) -> int:
    return -(-until // width) - since // width
