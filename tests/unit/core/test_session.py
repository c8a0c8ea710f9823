# SPDX-License-Identifier: Apache-2.0
"""The two limits of a session, and how long a sign-in is fresh, to the microsecond."""

import pytest

from counterfoil_service.core import session
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.session import FRESH, Limits

LIMITS = Limits(idle=100, lifetime=1_000)


@pytest.mark.parametrize(
    ("last_used_at", "now", "reason"),
    [
        (0, 99, None),
        (0, 100, "idle"),
        (50, 149, None),
        (50, 150, "idle"),
        (950, 999, None),
        (950, 1_000, "lifetime"),
        (0, 1_000, "lifetime"),
    ],
)
def test_the_first_limit_ends_it(last_used_at: int, now: int, reason: str | None) -> None:
    assert session.ended_by(created_at=0, last_used_at=last_used_at, limits=LIMITS, now=now) == reason


@pytest.mark.parametrize("last_used_at", [0, 450, 899, 900, 901, 999])
def test_what_is_said_of_its_end_is_when_it_ends(last_used_at: int) -> None:
    ends = session.ends_at(created_at=0, last_used_at=last_used_at, limits=LIMITS)
    lived, ended = (
        session.ended_by(created_at=0, last_used_at=last_used_at, limits=LIMITS, now=now) for now in (ends - 1, ends)
    )
    assert lived is None
    assert ended is not None


def test_a_sign_in_is_fresh_for_five_minutes_and_not_an_instant_longer() -> None:
    session.require_fresh(0, FRESH - 1)
    with pytest.raises(Refusal) as caught:
        session.require_fresh(0, FRESH)
    assert caught.value.code is ErrorCode.INSUFFICIENT_USER_AUTHENTICATION
    assert "less than 300 seconds old" in caught.value.description
