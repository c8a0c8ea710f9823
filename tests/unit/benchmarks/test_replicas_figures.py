# SPDX-License-Identifier: Apache-2.0
"""Figures of one replica and two: what is divided by what, what must hold, and that the page shows what is measured."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.replicas.__main__ import BENCHMARK
from benchmarks.replicas.figures import Cost, Figures, Kept, Loaded, Round, Whole, Woken, ceiling
from benchmarks.replicas.meter import Holding, Used
from benchmarks.replicas.page import tables
from benchmarks.replicas.picture import picture


def round_of(total: float, per_second: float = 1_000) -> Round:
    return Round(per_second, 900, 5_000, Cost(total - 60, 20, 40, 100))


def figures_of(one: list[float], two: list[float], *, p99: float = 20) -> Figures:
    load = Loaded("poll", [round_of(total) for total in one], [round_of(total, 1_500) for total in two])
    whole = Whole("sign in", [Cost(5_000, 200, 2_000, 40_000)], [Kept(12, 13_000, 5_000)])
    woken = Woken(100, 6, p99, 50)
    return Figures("a machine", "PostgreSQL 18", 2, 100, [load], [whole], woken, 0.2, 100 * 2**20)


def test_what_is_used_is_shared_out_among_the_requests() -> None:
    cost = Used(1, 2, 3, 1_000).each(Used(2, 2.5, 3.25, 51_000), 1_000)
    assert cost == Cost(1_000, 500, 250, 50)
    assert cost.total == 1_750, "bytes are no time"
    assert Holding(10, 100, 1_000).each(Holding(34, 700, 3_000), 2) == Kept(12, 300, 1_000)


@pytest.mark.parametrize(("two", "missed"), [([400, 420, 410], 0), ([500, 560, 520], 1)])
def test_a_request_may_become_a_little_dearer_and_no_more(two: list[float], missed: int) -> None:
    assert len(figures_of([300, 300, 300], two).complaints) == missed
    slow = [total * factor for total, factor in zip(two, (1, 9, 1), strict=True)]
    assert len(figures_of([300, 2_700, 300], slow).complaints) == missed, "what slows both says nothing"


def test_a_wake_up_by_the_look_that_every_poll_takes_is_none() -> None:
    assert figures_of([300], [300], p99=999).complaints == []
    assert "5000 ms to the other replica" in figures_of([300], [300], p99=5_000).complaints[0]


def test_no_more_is_answered_than_all_processors_can() -> None:
    assert ceiling(round_of(400), 2) == 5_000


def test_the_middle_of_costs_is_that_of_each_part() -> None:
    assert Cost.middle([Cost(1, 30, 5, 9), Cost(2, 20, 6, 8), Cost(3, 10, 4, 7)]) == Cost(2, 20, 5, 8)


def test_the_tables_say_what_was_measured_and_the_picture_too() -> None:
    figures = figures_of([300, 300, 300], [330, 330, 330])
    text = tables(figures)
    assert "| poll | 1.50 (1.50 to 1.50) | 1.10 (1.10 to 1.10) |" in text
    assert "| poll, one replica | 240 | 20 | 40 | 300 | 100 |" in text
    assert "| sign in | 12 | 13,000 | 5,000 |" in text
    assert "p99 20.0 ms" in text
    root = ET.fromstring(picture(figures))  # noqa: S314 - our own
    assert root.attrib["aria-label"] == "Microseconds of CPU of a request. poll: 300 with one replica, 330 with two."


def test_what_the_documentation_shows_is_as_it_must_be() -> None:
    figures = BENCHMARK.kind.read(BENCHMARK.documented)
    assert figures.complaints == []
    assert min(len(load.one) for load in figures.loads) >= 3
    assert {whole.name for whole in figures.wholes} == {"sign in", "renew tokens"}
