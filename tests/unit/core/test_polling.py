# SPDX-License-Identifier: Apache-2.0
"""What a poll is told in each state, and when it is too early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import polling
from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.core.login import State
from counterfoil_service.core.polling import AccessDenied, Pace

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("state", "code", "reason"),
    [
        (State.PENDING, "authorization_pending", None),
        (State.DENIED, "access_denied", "denied"),
        (State.LOCKED, "access_denied", "locked"),
        (State.EXPIRED, "expired_token", None),
        (State.CANCELLED, "invalid_grant", None),
        (State.CONSUMED, "invalid_grant", None),
        (State.APPROVED, "invalid_grant", None),
    ],
)
def test_each_state_has_one_answer(state: State, code: str, reason: str | None) -> None:
    refusal = polling.refusal_of(state, 0, 0)
    assert refusal.code == code
    assert getattr(refusal, "reason", None) == reason
    assert refusal.retry_after is None
    assert str(refusal.description).endswith(".")


@pytest.mark.parametrize(
    ("after", "code"),
    [(0, "expired_token"), (599.999999, "expired_token"), (600, "invalid_grant"), (9_999, "invalid_grant")],
)
def test_an_expired_login_says_so_for_ten_minutes(after: float, code: str) -> None:
    assert polling.refusal_of(State.EXPIRED, 5 * SECOND, 5 * SECOND + round(after * SECOND)).code == code


def test_time_changes_the_answer_of_no_other_state() -> None:
    for state in set(State) - {State.EXPIRED}:
        assert polling.refusal_of(state, 0, 0).code is polling.refusal_of(state, 0, 10**15).code


def test_every_reason_for_invalid_grant_reads_the_same() -> None:
    told = {
        polling.refusal_of(state, 0, 10**15).description for state in (State.CANCELLED, State.CONSUMED, State.EXPIRED)
    }
    assert told == {polling.invalid_grant().description}


def test_a_poll_beside_a_held_one_is_told_to_slow_down_with_the_status_of_rfc_8628() -> None:
    refusal = polling.too_fast()
    assert refusal.code is ErrorCode.SLOW_DOWN
    assert refusal.retry_after is None  # with one it would go out as 429


def test_locked_and_denied_are_told_apart_by_the_reason_alone() -> None:
    denied, locked = AccessDenied("denied"), AccessDenied("locked")
    assert (denied.code, denied.description) == (locked.code, locked.description)


def test_the_first_poll_is_never_early() -> None:
    assert not Pace().is_early(5, 1)


@given(received=st.integers(1, 2**53), interval=st.integers(0, 3600), later=st.integers(0, 2**53))
def test_a_poll_is_early_until_the_interval_has_passed_to_the_microsecond(
    received: int, interval: int, later: int
) -> None:
    assert Pace(received).is_early(interval, received + later) == (later < interval * SECOND)


def test_a_poll_from_before_the_last_one_is_early() -> None:
    assert Pace(10 * SECOND).is_early(5, 9 * SECOND)
