# SPDX-License-Identifier: Apache-2.0
"""Evidence is weighed: what differs counts against, what is missing less so, and nothing lost ever helps [R104]."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.evidence import (
    MACHINE,
    NORMAL_FROM,
    NOTIFY_FROM,
    WEIGHTS,
    Band,
    Comparison,
    Evidence,
    compare,
    decoded,
)

NAMES = tuple(WEIGHTS)
WHOLE = {name: f"digest-of-{name}" for name in NAMES}
attributes = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["a", "b", "c"]))


def evidence(**changes: str) -> Evidence:
    return Evidence("s", WHOLE | changes)


def without(*names: str) -> Evidence:
    return Evidence("s", {name: value for name, value in WHOLE.items() if name not in names})


def test_the_same_evidence_scores_a_hundred() -> None:
    assert compare(evidence(), evidence()) == Comparison(100, (), ())
    assert compare(evidence(), evidence()).band is Band.NORMAL


@pytest.mark.parametrize("name", [name for name in NAMES if name != MACHINE])
def test_missing_costs_less_than_differing_and_both_are_named(name: str) -> None:
    lost, other = compare(evidence(), without(name)), compare(evidence(), evidence(**{name: "other"}))
    assert 100 >= lost.score >= other.score
    assert other.score < 100
    assert (lost.differing, lost.missing) == ((), (name,))
    assert (other.differing, other.missing) == ((name,), ())


def test_another_machine_scores_nothing_and_the_rest_says_nothing() -> None:
    """Every digest is keyed from the machine's id, so that all of them differ and none of them tells."""
    elsewhere = Evidence("t", {name: f"elsewhere-{name}" for name in NAMES})
    assert compare(evidence(), elsewhere) == Comparison(0, (MACHINE,), ())
    assert compare(evidence(), elsewhere).band is Band.FRESH


def test_no_fingerprint_where_there_was_one_is_told_and_does_not_lock_out() -> None:
    compared = compare(evidence(), None)
    assert compared.band is Band.NOTIFY
    assert set(compared.missing) == set(NAMES)
    assert compare(evidence(), Evidence("s", {})) == compared


@pytest.mark.parametrize("stored", [None, Evidence("s", {})])
def test_what_was_never_stored_cannot_be_missed(stored: Evidence | None) -> None:
    assert compare(stored, evidence()) == compare(stored, None) == Comparison(100, (), ())


def test_attributes_that_were_not_there_before_are_no_difference() -> None:
    assert compare(without("cpu", "app"), evidence()).score == 100


@given(attributes, attributes, st.sampled_from(NAMES))
def test_losing_a_match_never_raises_the_score(then: dict[str, str], now: dict[str, str], name: str) -> None:
    before = compare(Evidence("s", then), Evidence("s", now)).score
    if name in then and then.get(name) == now.get(name):
        dropped = {each: value for each, value in now.items() if each != name}
        stored_without = {each: value for each, value in then.items() if each != name}
        differing = compare(Evidence("s", then), Evidence("s", now | {name: "d"})).score
        missing = compare(Evidence("s", then), Evidence("s", dropped)).score
        assert differing <= missing <= before
        if stored_without and compare(Evidence("s", then), Evidence("s", now)).score < 100:
            assert compare(Evidence("s", stored_without), Evidence("s", dropped)).score <= before


@given(attributes, attributes)
def test_every_comparison_is_a_score_of_a_hundred_with_a_band(then: dict[str, str], now: dict[str, str]) -> None:
    compared = compare(Evidence("s", then), Evidence("s", now))
    assert 0 <= compared.score <= 100
    assert (compared.score == 100) == (not compared.differing and not compared.missing)
    assert not set(compared.differing) & set(compared.missing)
    assert set(compared.differing) | set(compared.missing) <= set(then)


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (100, Band.NORMAL),
        (NORMAL_FROM, Band.NORMAL),
        (NORMAL_FROM - 1, Band.NOTIFY),
        (NOTIFY_FROM, Band.NOTIFY),
        (NOTIFY_FROM - 1, Band.FRESH),
        (0, Band.FRESH),
    ],
)
def test_bands_meet_without_a_gap(score: int, band: Band) -> None:
    assert Comparison(score, (), ()).band is band


def test_the_weightiest_is_named_first() -> None:
    compared = compare(evidence(), evidence(timezone="x", cpu="x", hostname="x"))
    assert compared.differing == tuple(name for name in NAMES if name in {"timezone", "cpu", "hostname"})
    assert sorted(WEIGHTS.values(), reverse=True) == list(WEIGHTS.values())


def test_events_name_attributes_and_hold_no_digest() -> None:
    compared = compare(evidence(), evidence(cpu="other"))
    assert compared.fields == {"score": compared.score, "band": compared.band.value, "differing": "cpu"}
    assert "digest" not in repr(compare(evidence(), without("cpu")))
    assert "digest" not in repr(evidence())


def test_drift_is_followed_and_what_is_only_missing_is_remembered() -> None:
    seen = Evidence("s2", {name: value for name, value in (WHOLE | {"os_version": "newer"}).items() if name != "cpu"})
    followed = evidence().followed_by(seen)
    assert followed == Evidence("s2", WHOLE | {"os_version": "newer"})


def test_nothing_of_another_machine_is_mixed_with_this_one() -> None:
    elsewhere = Evidence("t", {MACHINE: "other", "cpu": "x"})
    assert evidence().followed_by(elsewhere) == elsewhere


@given(attributes, st.text(max_size=43))
def test_evidence_reads_back_as_it_was_kept(kept: dict[str, str], stable: str) -> None:
    assert decoded(Evidence(stable, kept).encode()) == Evidence(stable, kept)
    assert decoded(None) is None


def test_the_same_evidence_is_kept_in_the_same_bytes() -> None:
    backwards = Evidence("s", dict(reversed(WHOLE.items())))
    assert backwards.encode() == evidence().encode()


def test_damaged_evidence_is_an_error_and_not_a_match() -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded("{")


@pytest.mark.parametrize("other", ["", "s" * 42, "s" * 44, "s" * 42 + "S", "S" + "s" * 42])
def test_machines_are_the_same_byte_for_byte_alone(other: str) -> None:
    assert Evidence("s" * 43, {}).same_machine(Evidence("s" * 43, dict(WHOLE)))
    assert not Evidence("s" * 43, dict(WHOLE)).same_machine(Evidence(other, dict(WHOLE)))
