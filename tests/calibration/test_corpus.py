# SPDX-License-Identifier: Apache-2.0
"""The committed corpus is the generator's, made up throughout, and both of its halves hold every kind of machine."""

from collections import Counter

import pytest

from calibration import generate
from calibration.corpus import CORPUS, Pair
from calibration.generate import EVENTS
from calibration.machines import HELD_OUT, MACHINES, TUNING

SIZE = 2_000_000


def test_the_committed_file_is_what_the_generator_gives() -> None:
    assert CORPUS.read_text("utf-8") == generate.text(), "run python -m calibration.generate"


def test_it_reads_back_as_it_was_made(pairs: tuple[Pair, ...]) -> None:
    assert pairs == tuple(generate.pairs())


def test_it_is_small_enough_to_be_kept_and_large_enough_to_be_counted(pairs: tuple[Pair, ...]) -> None:
    assert CORPUS.stat().st_size < SIZE
    assert len(pairs) > 3000
    assert len(MACHINES) == len({machine.name for machine in MACHINES}) >= 24
    assert len({machine.profile.machine for machine in MACHINES if machine.id_lives_on}) == len(
        [machine for machine in MACHINES if machine.id_lives_on]
    )


@pytest.mark.parametrize("half", [TUNING, HELD_OUT], ids=["tuning", "held out"])
def test_each_half_holds_every_kind_of_machine(half: tuple[object, ...]) -> None:
    machines = [machine for machine in MACHINES if machine in half]
    assert {machine.kind for machine in machines} == {"desktop", "laptop", "board", "vm", "cloud", "container"}
    assert {machine.id_lives_on for machine in machines} == {"disk", "board", "image", "host", None}
    assert {(machine.profile.os or "").partition(" ")[0] for machine in machines} >= {"windows", "macos", "linux"}


@pytest.mark.parametrize("half", ["tuning", "held out"])
def test_each_event_happens_in_each_half(pairs: tuple[Pair, ...], half: str) -> None:
    happened = Counter(pair.event for pair in pairs if pair.half == half)
    assert set(happened) == {event.name for event in EVENTS}
    assert len(EVENTS) == len({event.name for event in EVENTS})


def test_an_event_that_is_new_leaves_all_others_as_they_are(
    monkeypatch: pytest.MonkeyPatch, pairs: tuple[Pair, ...]
) -> None:
    monkeypatch.setattr(generate, "EVENTS", tuple(reversed(EVENTS[5:])))
    kept = {event.name for event in EVENTS[5:]}
    fewer = sorted(generate.pairs(), key=repr)
    assert fewer == sorted((pair for pair in pairs if pair.event in kept), key=repr)
