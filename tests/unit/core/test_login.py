# SPDX-License-Identifier: Apache-2.0
"""The state machine equals requirements.md §5, pair by pair, and its clocks end where they say."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import login
from counterfoil_service.core.login import OPEN_STATES, TRANSITIONS, State, Trigger
from support.machine import LEGAL, STATES, TRIGGERS

MOMENTS = st.integers(min_value=0, max_value=2**53)


def test_the_states_and_triggers_are_those_of_the_table() -> None:
    assert {state.value for state in State} == set(STATES)
    assert {trigger.value for trigger in Trigger} == set(TRIGGERS)


@pytest.mark.parametrize(("state", "trigger"), list(product(STATES, TRIGGERS)))
def test_every_pair_of_state_and_trigger_is_as_the_table_says(state: str, trigger: str) -> None:
    expected = LEGAL.get((state, trigger))
    followed = login.follow(State(state), Trigger(trigger))
    if expected is None:
        assert followed is None
    else:
        assert (followed, TRANSITIONS[Trigger(trigger)].event) == expected


def test_every_trigger_is_legal_somewhere_and_writes_one_event() -> None:
    assert {trigger for _, trigger in LEGAL} == set(TRIGGERS)
    assert len({(trigger, event) for (_, trigger), (_, event) in LEGAL.items()}) == len(TRIGGERS)


@pytest.mark.parametrize("state", ["consumed", "denied", "locked", "cancelled", "expired"])
def test_nothing_leads_out_of_a_terminal_state(state: str) -> None:
    targets = {login.follow(State(state), trigger) for trigger in Trigger}
    assert targets <= {None, State(state)}


@pytest.mark.parametrize("trigger", list(Trigger))
def test_no_trigger_but_approval_leads_to_approved(trigger: Trigger) -> None:
    assert (TRANSITIONS[trigger].target is State.APPROVED) == (trigger is Trigger.APPROVE)
    collecting = {Trigger.COLLECT, Trigger.COLLECT_AGAIN, Trigger.REDEEM}
    assert (TRANSITIONS[trigger].target is State.CONSUMED) == (trigger in collecting)


@pytest.mark.parametrize(("misses", "expected"), [(1, "miss"), (2, "miss"), (3, "last_miss"), (4, "last_miss")])
def test_the_third_wrong_code_is_the_last(misses: int, expected: str) -> None:
    assert login.miss_trigger(misses) == expected


@given(state=st.sampled_from(State), expires_at=MOMENTS, now=MOMENTS)
def test_time_ends_open_logins_at_their_very_last_microsecond_and_no_others(
    state: State, expires_at: int, now: int
) -> None:
    ended = state in OPEN_STATES and now >= expires_at
    assert login.current_state(state, expires_at, now) is (State.EXPIRED if ended else state)


@pytest.mark.parametrize("state", ["pending", "approved"])
def test_a_login_lives_until_just_before_its_end(state: str) -> None:
    assert login.current_state(State(state), 1_000, 999) is State(state)
    assert login.current_state(State(state), 1_000, 1_000) is State.EXPIRED


@given(approved_at=MOMENTS, expires_at=MOMENTS)
def test_an_approval_never_prolongs_a_login_and_lasts_two_minutes_at_most(approved_at: int, expires_at: int) -> None:
    deadline = login.collection_deadline(approved_at, expires_at)
    assert deadline <= expires_at
    assert deadline <= approved_at + 120_000_000
    assert deadline in {expires_at, approved_at + 120_000_000}


def test_the_windows_are_those_of_the_requirements() -> None:
    windows = (login.COLLECTION_WINDOW, login.LOST_ANSWER_WINDOW, login.EXPIRED_ANSWER_WINDOW)
    assert windows == (120_000_000, 60_000_000, 600_000_000)
    assert (login.MAX_TRIES, login.MAX_CODES, login.CODE_LIFETIME) == (3, 3, 60_000_000)
