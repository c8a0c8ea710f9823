# SPDX-License-Identifier: Apache-2.0
"""`just enumeration`, small: equal bytes for every kind of address; and its judgement of time would see a difference.

What time says is for the command on a quiet machine: no test here depends on how busy this one is.
"""

import random

import pytest

from attack.enumeration import histogram
from attack.enumeration_figures import LIMIT, OTHERS, EngineRuns, Figures, Run, likeness
from attack.enumeration_people import KINDS, Kind
from attack.enumeration_picture import picture
from attack.enumeration_run import measured
from benchmarks.harness.figures import ENGINES, Engine

COUNT = 8


def made_up(later: dict[Kind, float] | None = None) -> Run:
    """A run in which all kinds are drawn from one distribution, but for those that are so much later."""
    order = random.Random(11)
    shifts = later or {}
    return Run({kind: [round(order.gauss(2_000, 100) + shifts.get(kind, 0)) for _ in range(200)] for kind in KINDS})


def of_one(run: Run) -> Figures:
    return Figures("a machine", 1.0, [EngineRuns("sqlite", "SQLite 3", 1_000, [run], [])])


@pytest.mark.parametrize("engine", ENGINES)
def test_every_kind_of_address_is_answered_by_the_same_bytes_and_each_was_what_it_claims(engine: Engine) -> None:
    found = measured(engine, COUNT, 1, lambda _: None, warm_up=1)
    assert found.wrong == []
    assert found.answers == (COUNT + 1) * len(KINDS)
    assert {kind: len(times) for kind, times in found.runs[0].times.items()} == dict.fromkeys(KINDS, COUNT)


def test_times_of_one_distribution_are_alike() -> None:
    run = made_up()
    assert run.alike
    assert of_one(run).held
    assert likeness(run.times["known"], run.times["known"]) == 1


@pytest.mark.parametrize("kind", OTHERS)
def test_a_kind_that_took_a_twentieth_longer_is_told_apart(kind: Kind) -> None:
    run = made_up({kind: 100.0})
    assert run.p_of(kind) < LIMIT
    assert not run.alike
    assert not of_one(run).held


def test_what_would_have_been_seen_would_have_been() -> None:
    run = made_up()
    shift = run.would_be_seen
    for kind in OTHERS:
        later = {**run.times, kind: [round(time + 1.1 * shift) for time in run.times[kind]]}
        assert Run(later).p_of(kind) <= LIMIT


def test_one_answer_of_other_bytes_is_a_failure_whatever_the_times() -> None:
    runs = [made_up()]
    assert not EngineRuns("sqlite", "SQLite 3", 1_000, runs, ["- 200\n+ 400"]).held


def test_the_pictures_show_every_kind() -> None:
    drawn = picture(of_one(made_up()))
    assert all(kind in drawn for kind in KINDS)
    blocks = histogram([1.0, 2.0, 2.0, 9.0], 0.0, 8.0)
    assert blocks.count("█") == 1, "what lies beyond is left out"
