# SPDX-License-Identifier: Apache-2.0
"""Buckets of counts: any stretch is made of few of them, none twice, and none that is deleted already."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies

from counterfoil_service.core.event_buckets import (
    DAY,
    FIVE_MINUTES,
    HOUR,
    KEPT,
    bar_width,
    ceiling,
    counted_by,
    cover,
    finest,
    floor,
)

NOW = 1_795_000_123 * 1_000_000
MOMENTS = strategies.integers(NOW - 800 * DAY, NOW + DAY)


@given(MOMENTS, MOMENTS)
def test_a_stretch_is_covered_once_and_without_a_gap_by_what_is_still_kept(one: int, other: int) -> None:
    since, until = sorted((one, other))
    stretches = cover(since, until, NOW)
    width = finest(since, NOW)
    assert width in {DAY, HOUR, FIVE_MINUTES}
    for stretch, following in pairwise(stretches):
        assert stretch.until == following.since
    for stretch in stretches:
        assert stretch.since % stretch.width == stretch.until % stretch.width == 0
        assert stretch.width >= width
    if stretches:
        assert since - width < stretches[0].since <= since
        assert until <= stretches[-1].until < until + (DAY if until >= NOW else width)
    else:
        assert floor(since, width) == ceiling(until, width)


@given(MOMENTS)
def test_of_the_finest_width_nothing_has_been_deleted_by_then(time: int) -> None:
    width = finest(time, NOW)
    assert width not in KEPT or floor(time, width) >= NOW - KEPT[width] - width, "or the sweeper takes it"


@pytest.mark.parametrize(
    ("span", "most"),
    [(HOUR, 12 + 12 + 23), (DAY, 25), (7 * DAY, 23 + 24 + 7), (60 * DAY, 24 + 61), (365 * DAY, 366)],
    ids=["hour", "day", "week", "two months", "year"],
)
def test_what_just_was_is_made_of_few_buckets(span: int, most: int) -> None:
    since = floor(NOW, HOUR) - span
    buckets = sum((each.until - each.since) // each.width for each in cover(since, NOW, NOW))
    assert buckets <= most


@given(MOMENTS, MOMENTS)
def test_a_plot_has_few_bars_all_of_which_can_be_counted(one: int, other: int) -> None:
    since, until = sorted((one, other))
    width = bar_width(since, until, NOW, 60)
    assert until - since <= 60 * width
    assert counted_by(width) >= finest(since, NOW)
    assert width % counted_by(width) == 0


def test_a_plot_of_a_day_has_bars_of_half_an_hour_and_of_a_day_long_ago_of_whole_days() -> None:
    assert bar_width(NOW - DAY, NOW, NOW, 60) == HOUR // 2
    assert bar_width(NOW - 300 * DAY, NOW - 299 * DAY, NOW, 60) == DAY


def test_no_bar_is_made_of_parts_of_a_bucket() -> None:
    with pytest.raises(ValueError, match="five minutes"):
        counted_by(FIVE_MINUTES + 1)
