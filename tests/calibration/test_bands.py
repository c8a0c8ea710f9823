# SPDX-License-Identifier: Apache-2.0
"""Which events stay normal and which do not. What alarms honest people and what is missed is named here one by one."""

from dataclasses import replace

import pytest

from calibration.corpus import Pair
from calibration.events import Group
from calibration.generate import EVENTS
from calibration.lives import FORTNIGHTS
from calibration.measure import Measured
from calibration.score import score
from calibration.tally import CHOSEN, Row
from counterfoil_service.core.evidence import NORMAL_FROM, Band, Comparison

ALARMS_THE_HONEST = {
    "processor replaced",
    "main board and processor replaced",
    "Mac's logic board replaced",
    "cloud instance of another type",
    "VM moved to another hypervisor",
    "container on another node",
    "container rebuilt, id made anew",
    "container rebuilt, id gone",
    "packaged as a Snap",
    "started in a toolbox that shares the home",
    "machine id unreadable for once",
    "system set up anew, home kept",
    "new computer, home carried over",
}
KNOWN_FALSE_ALARM = ("Docker behind gVisor, id in the image, hardware unseen", "back after a year, all at once")
"""Found on a held-out machine, and left as it is: choosing weights by it would make it one more tuning machine."""

MISSED = {
    "knows all but two, leaves those out",
    "VM cloned on its own host",
    "VM image started twice, other name",
    "disk moved to an identical model",
    "key copied from a machine without id",
    "key and whole fingerprint copied",
    "another program on the same machine",
}
MISSED_IN_PART = {
    "home and id mounted into a container",
    "knows id and system, leaves out the rest",
    "container image started elsewhere",
    "VM cloned to another host",
    "all copied, then changed step by step",
}


def row(measured: Measured, event: str) -> Row:
    (found,) = [each for each in measured.rows if each.event == event]
    return found


def names(*, honest: bool) -> list[str]:
    return [event.name for event in EVENTS if event.honest == honest]


@pytest.mark.parametrize("event", [name for name in names(honest=True) if name not in ALARMS_THE_HONEST])
def test_ordinary_life_stays_normal(pairs: tuple[Pair, ...], event: str) -> None:
    alarmed = {(pair.machine, event) for pair in pairs if pair.event == event and score(pair).band is not Band.NORMAL}
    assert alarmed <= {KNOWN_FALSE_ALARM}


def test_the_known_false_alarm_is_one_still(pairs: tuple[Pair, ...]) -> None:
    machine, event = KNOWN_FALSE_ALARM
    assert min(score(pair).score for pair in pairs if (pair.machine, pair.event) == (machine, event)) < NORMAL_FROM


@pytest.mark.parametrize("event", sorted(ALARMS_THE_HONEST))
def test_what_is_named_as_alarming_the_honest_does(measured: Measured, event: str) -> None:
    assert row(measured, event).share(Band.NOTIFY, Band.FRESH) > 0
    assert row(measured, event).group == Group.UPHEAVAL


@pytest.mark.parametrize("event", [name for name in names(honest=False) if name not in MISSED | MISSED_IN_PART])
def test_a_copied_moved_or_faked_machine_leaves_the_normal_band(measured: Measured, event: str) -> None:
    assert row(measured, event).share(Band.NORMAL) == 0


@pytest.mark.parametrize("event", sorted(MISSED))
def test_what_is_named_as_missed_is(measured: Measured, event: str) -> None:
    assert row(measured, event).share(Band.NORMAL) == 1


@pytest.mark.parametrize("event", sorted(MISSED_IN_PART))
def test_what_is_named_as_missed_in_part_is(measured: Measured, event: str) -> None:
    assert 0 < row(measured, event).share(Band.NORMAL) < 1


@pytest.mark.parametrize("event", ["fingerprint left out", "fingerprint sent empty"])
def test_who_sends_none_any_more_is_told_of_and_not_locked_out(measured: Measured, event: str) -> None:
    assert row(measured, event).share(Band.NOTIFY) == 1


def test_drift_that_is_followed_step_by_step_never_alarms_in_a_year_of_ordinary_life(pairs: tuple[Pair, ...]) -> None:
    years = [pair for pair in pairs if pair.event == "a year of drift, step by step"]
    assert {len(pair.seen) for pair in years} == {FORTNIGHTS}
    assert all(pair.seen[-1] != pair.before for pair in years)
    assert min(score(pair).score for pair in years) >= NORMAL_FROM


def test_the_baseline_follows_or_a_year_would_count_at_once(pairs: tuple[Pair, ...]) -> None:
    (year, *_) = [pair for pair in pairs if pair.event == "a year of drift, step by step"]
    assert score(year).score > score(replace(year, seen=year.seen[-1:])).score


def test_a_session_that_ended_is_not_refreshed_again(pairs: tuple[Pair, ...]) -> None:
    """The thief's disk ends it, so that nobody sees the thief's machine id afterwards."""
    moved = next(pair for pair in pairs if pair.event == "disk moved to other hardware" and _ends(pair))
    (elsewhere,) = moved.seen
    assert elsewhere is not None
    longer = replace(moved, seen=(elsewhere, replace(elsewhere, machine="another")))
    assert score(longer) == score(moved)


def _ends(pair: Pair) -> bool:
    return score(pair).band is Band.FRESH


@pytest.mark.parametrize("points", range(101))
def test_our_bands_are_the_service_s(points: int) -> None:
    assert CHOSEN.band(points) is Comparison(points, (), ()).band
