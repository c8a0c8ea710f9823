# SPDX-License-Identifier: Apache-2.0
"""The bars of a time-line: they cover what was asked for, and there are never too many of them."""

from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.event_buckets import DAY, FIVE_MINUTES, HOUR
from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.core.timeline import MOST_BARS, SECOND, Span, bars_of, span_of

NOW = 1_795_000_000 * SECOND


def test_without_a_beginning_it_is_the_last_day() -> None:
    span = span_of(EventFilter(), NOW)
    assert span.start <= NOW - DAY
    assert NOW < span.end <= NOW + span.width


def test_a_short_time_has_narrow_bars() -> None:
    assert span_of(EventFilter(since=NOW - 60 * SECOND, until=NOW), NOW).width == SECOND
    assert span_of(EventFilter(since=NOW - HOUR, until=NOW), NOW).width == 60 * SECOND
    assert span_of(EventFilter(since=NOW - 5 * HOUR, until=NOW), NOW).width == FIVE_MINUTES


@given(st.integers(0, NOW), st.integers(1, NOW))
def test_the_bars_hold_all_that_was_asked_for_and_are_few(since: int, length: int) -> None:
    wanted = EventFilter(since=since, until=since + length)
    span = span_of(wanted, NOW)
    assert 1 <= span.count <= MOST_BARS
    assert span.start % span.width == 0
    assert span.start <= wanted.since or wanted.since == 0
    assert span.end >= min(wanted.until, NOW)


@given(st.lists(st.integers(0, 9 * HOUR - 1)))
def test_every_event_is_in_the_one_bar_of_its_time(moments: list[int]) -> None:
    span = Span(2 * HOUR, HOUR, 5)
    bars = bars_of(span, [(moment, 1, moment % 2) for moment in moments])
    assert [bar.events for bar in bars] == [sum(bar.start <= moment < bar.end for moment in moments) for bar in bars]
    assert sum(bar.failures for bar in bars) == sum(moment % 2 for moment in moments if 2 * HOUR <= moment < 7 * HOUR)
    assert [bar.start for bar in bars[1:]] == [bar.end for bar in bars[:-1]]
