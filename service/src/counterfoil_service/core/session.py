# SPDX-License-Identifier: Apache-2.0
"""How long a session lives: an idle limit and an absolute one [R84], and how fresh a sign-in some acts need [R87]."""

from typing import Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND

FRESH = 300 * SECOND
"""A sign-in is fresh for five minutes: long enough to act on what one has just seen."""

EndReason = Literal["idle", "lifetime"]


class Limits(msgspec.Struct, frozen=True):
    """In microseconds: the longest pause between two uses, and the longest life."""

    idle: int
    lifetime: int

    @property
    def spans(self) -> dict[EndReason, int]:
        """Each limit by the reason that it is."""
        return {"lifetime": self.lifetime, "idle": self.idle}


def ended_by(*, created_at: int, last_used_at: int, limits: Limits, now: int) -> EndReason | None:
    """Which limit has ended a session by `now`, or None while it lives. Times in microseconds UTC."""
    if now >= created_at + limits.lifetime:
        return "lifetime"
    return "idle" if now >= last_used_at + limits.idle else None


def ends_at(*, created_at: int, last_used_at: int, limits: Limits) -> int:
    """When a limit will end a session that nobody uses any more."""
    return min(created_at + limits.lifetime, last_used_at + limits.idle)


def is_fresh(auth_time: int, now: int) -> bool:
    """Whether the person signed in moments ago."""
    return now < auth_time + FRESH


def require_fresh(auth_time: int, now: int) -> None:
    """Raise the Refusal of a sign-in that is too old for what is asked (RFC 9470 §3)."""
    if not is_fresh(auth_time, now):
        raise Refusal(
            ErrorCode.INSUFFICIENT_USER_AUTHENTICATION,
            f"This needs a sign-in less than {FRESH // SECOND} seconds old: sign in again, then repeat it.",
        )
