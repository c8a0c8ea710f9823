# SPDX-License-Identifier: Apache-2.0
"""Plots: every column within its room and true to its number, lines on whole numbers, few labels at round times."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, strategies

from counterfoil_service.core.event_buckets import BARS, DAY, FIVE_MINUTES, HOUR
from counterfoil_service.web.console.plots import HEIGHT, Column, plot_columns, stretch_words, tick_label

START = 20_775 * DAY
COUNTS = strategies.tuples(strategies.integers(0, 10**7), strategies.integers(0, 10**4))


def columns_of(counts: list[tuple[int, int]], width: int = HOUR, href: str | None = None) -> list[Column]:
    return [
        Column(start=START + number * width, good=good, bad=bad, name=f"bar {number}", href=href)
        for number, (good, bad) in enumerate(counts)
    ]


@given(strategies.lists(COUNTS, min_size=1, max_size=60))
def test_columns_stand_beside_each_other_and_none_is_higher_than_the_plot(counts: list[tuple[int, int]]) -> None:
    plot = plot_columns(columns_of(counts), HOUR)
    right = 0.0
    for drawn in plot.columns:
        assert drawn.room_left == pytest.approx(right, abs=0.02)
        assert drawn.room_left < drawn.left < drawn.left + drawn.width < drawn.room_left + drawn.room
        right = drawn.room_left + drawn.room
        assert drawn.good_top + drawn.good_height == pytest.approx(HEIGHT, abs=0.01)
        assert drawn.bad_top + drawn.bad_height == pytest.approx(drawn.good_top, abs=0.01)
        assert drawn.bad_top >= -0.01
    assert right == pytest.approx(100, abs=0.1)


@given(strategies.lists(COUNTS, min_size=1, max_size=60))
def test_a_count_is_seen_however_small_and_nothing_is_not(counts: list[tuple[int, int]]) -> None:
    for drawn, (good, bad) in zip(plot_columns(columns_of(counts), HOUR).columns, counts, strict=True):
        assert (drawn.good_height > 0, drawn.bad_height > 0) == (good > 0, bad > 0)


@given(strategies.integers(0, 10**12))
def test_lines_are_few_on_whole_numbers_and_the_highest_is_not_below_the_largest_column(largest: int) -> None:
    plot = plot_columns(columns_of([(largest, 0)]), HOUR)
    values = [int(line.label.replace(",", "")) for line in plot.lines]
    assert 2 <= len(values) <= 5
    assert values[0] == 0
    assert values[-1] >= largest
    assert len({later - sooner for sooner, later in pairwise(values)}) == 1
    assert plot.lines[0].at == HEIGHT
    assert plot.lines[-1].at == 0


def test_what_is_drawn_larger_than_it_is_pushes_nothing_out_of_the_plot() -> None:
    (drawn,) = plot_columns(columns_of([(9_999, 1)]), HOUR).columns
    assert drawn.bad_top >= 0
    assert drawn.good_height < HEIGHT


def test_heights_are_as_their_numbers_are() -> None:
    (first, second) = plot_columns(columns_of([(10, 10), (5, 0)]), HOUR).columns
    assert first.good_height == first.bad_height == 2 * second.good_height == HEIGHT / 2


@given(strategies.sampled_from(BARS), strategies.integers(1, 60), strategies.integers(0, 10**4))
def test_labels_are_few_and_at_times_that_are_multiples_of_one_width(width: int, count: int, shift: int) -> None:
    bars = [Column(start=(START // width + shift + n) * width, good=1, bad=0, name="") for n in range(count)]
    ticks = plot_columns(bars, width).ticks
    assert len(ticks) <= 7 or count * width > 6 * BARS[-1], "or there is none so wide"
    apart = {round(later.at - sooner.at, 1) for sooner, later in pairwise(ticks)}
    assert not apart or math.isclose(min(apart), max(apart), abs_tol=0.11)


def test_times_are_said_as_people_say_them() -> None:
    assert tick_label(START, HOUR) == "18 Nov"
    assert tick_label(START + 6 * HOUR, 6 * HOUR) == "06:00"
    assert tick_label(START, 91 * DAY) == "18 Nov 2026"
    assert stretch_words(START + HOUR, FIVE_MINUTES) == "18 Nov, 01:00 to 01:05"
    assert stretch_words(START + 18 * HOUR, 6 * HOUR) == "18 Nov, 18:00 to 00:00"
    assert stretch_words(START, DAY) == "18 Nov"
    assert stretch_words(START, 7 * DAY) == "18 Nov to 24 Nov"


def test_a_plot_of_nothing_is_still_one() -> None:
    plot = plot_columns([], HOUR)
    assert (plot.columns, plot.ticks) == ([], [])
    assert [line.label for line in plot.lines] == ["0", "1"]
    assert not plot.leads


def test_a_plot_whose_columns_lead_somewhere_says_so() -> None:
    assert plot_columns(columns_of([(1, 0)], href="/console/audit?since=1"), HOUR).leads


def test_a_failure_is_seen_upon_however_much_went_well_on_a_low_plot_too() -> None:
    (drawn,) = plot_columns(columns_of([(1_000_000, 1)]), HOUR, 120).columns
    assert drawn.bad_height >= 4
    assert drawn.bad_top + drawn.bad_height == drawn.good_top
    assert drawn.good_top + drawn.good_height == 120


def test_seconds_are_told_where_labels_are_that_near() -> None:
    second = HOUR // 3600
    bars = [Column(start=START + HOUR + n * second, good=1, bad=0, name="") for n in range(30)]
    assert [tick.label for tick in plot_columns(bars, second).ticks] == [
        "01:00:00",
        "01:00:05",
        "01:00:10",
        "01:00:15",
        "01:00:20",
        "01:00:25",
    ]
