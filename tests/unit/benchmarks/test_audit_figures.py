# SPDX-License-Identifier: Apache-2.0
"""The audit benchmark's log is life-like, and the same each time; verdict and picture are its figures'."""

from hashlib import sha256
from itertools import islice
from xml.etree import ElementTree as ET

import pytest

from benchmarks.audit.__main__ import BENCHMARK
from benchmarks.audit.figures import Figures
from benchmarks.audit.picture import picture
from benchmarks.audit.sign_ins import Happened, happenings
from benchmarks.harness.figures import EngineSeries, Series
from counterfoil_service.core.event_catalogue import misfits

START = 1_795_000_000_000_000


def happened(count: int) -> list[Happened]:
    return list(islice(happenings(START, 1, lambda address: sha256(address.encode()).digest()), count))


def figures_of(small: list[float], large: list[float], *, judged: bool = True) -> Figures:
    series = Series("write", "seal, 1,000 at a time", "µs/event", {10: small, 1000: large}, judged=judged)
    page = Series("page", "person", "ms", {10: [1.0], 1000: [1.1]})
    middle = Series("page in the middle", "person", "ms", {10: [0.5], 1000: [0.6]})
    return Figures("a machine", [10, 1000], 12.0, [EngineSeries("sqlite", "SQLite 3", [series, page, middle])])


def test_the_made_up_events_are_such_as_the_service_writes_in_the_order_of_their_times() -> None:
    events = happened(5_000)
    assert not [wrong for each in events for wrong in misfits(each.event)]
    assert events == sorted(events, key=lambda each: (each.time, each.number))
    failures = sum(each.event.outcome == "failure" for each in events) / len(events)
    assert 0.02 < failures < 0.06
    assert len({each.event.application_id for each in events}) == 50


def test_a_larger_log_begins_with_the_smaller_one() -> None:
    assert happened(3_000)[:1_000] == happened(1_000)


@pytest.mark.parametrize(("large", "steep"), [([13.0, 12.0, 14.0], 0), ([13.0, 13.2, 13.4], 1)])
def test_growth_is_that_within_each_round_and_beyond_the_limit_too_steep(large: list[float], steep: int) -> None:
    assert len(figures_of([10.0, 10.0, 10.0], large).too_steep) == steep
    assert figures_of([10.0, 10.0, 10.0], large, judged=False).too_steep == []
    slow = [value * factor for value, factor in zip(large, (1, 9, 1), strict=True)]
    assert len(figures_of([10.0, 90.0, 10.0], slow).too_steep) == steep, "what slows both says nothing"


def test_what_the_documentation_shows_is_as_it_must_be() -> None:
    assert BENCHMARK.kind.read(BENCHMARK.documented).too_steep == []


def test_the_picture_is_an_image_that_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(picture(figures_of([10.0], [12.0])))  # noqa: S314 - our own
    assert root.attrib["aria-label"] == "Cost at 1,000 entries against 10. SQLite: seal 1.20."
