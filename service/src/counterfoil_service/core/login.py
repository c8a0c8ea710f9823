# SPDX-License-Identifier: Apache-2.0
"""A login's states and its only legal transitions (requirements.md §5).

The database decides races, by writes that are conditional on `Transition.sources`; this table decides what is legal.
"opened" is an event and not a state: otherwise a mail scanner could drive the machine.
"""

from enum import StrEnum, unique

import msgspec

from counterfoil_service.core.audit_event import EventName

SECOND = 1_000_000
"""Times are whole microseconds since 1970, UTC."""

COLLECTION_WINDOW = 120 * SECOND
"""An approved login that its device does not collect in this time expires [R45]."""

LOST_ANSWER_WINDOW = 60 * SECOND
"""How long after the first success the same key may repeat the poll that succeeded [R44]."""

EXPIRED_ANSWER_WINDOW = 600 * SECOND
"""How long an expired login still answers `expired_token`; afterwards `invalid_grant`."""

MAX_CODES = 3
"""Authorization codes that `here` gives one login, so that a robot that presses it burns nothing [R50]."""

CODE_LIFETIME = 60 * SECOND
"""How long an authorization code may be redeemed [R50]."""

MAX_TRIES = 3
"""Wrong user codes before the login is locked for good [R23]."""


@unique
class State(StrEnum):
    """The seven states; the last five are terminal."""

    PENDING = "pending"
    APPROVED = "approved"
    CONSUMED = "consumed"
    DENIED = "denied"
    LOCKED = "locked"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@unique
class Trigger(StrEnum):
    """What can happen to a login that exists."""

    OPEN = "open"
    MISS = "miss"
    LAST_MISS = "last_miss"
    APPROVE = "approve"
    ISSUE_CODE = "issue_code"
    REDEEM = "redeem"
    COLLECT = "collect"
    COLLECT_AGAIN = "collect_again"
    REJECT = "reject"
    DENY = "deny"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    EXPIRE = "expire"


class Transition(msgspec.Struct, frozen=True):
    """Where a trigger is legal, where it leads, and the audit event that it writes."""

    sources: frozenset[State]
    target: State
    event: EventName


OPEN_STATES = frozenset({State.PENDING, State.APPROVED})
_PENDING = frozenset({State.PENDING})
_APPROVED = frozenset({State.APPROVED})
_CONSUMED = frozenset({State.CONSUMED})

TRANSITIONS: dict[Trigger, Transition] = {
    Trigger.OPEN: Transition(_PENDING, State.PENDING, EventName.LOGIN_LINK_OPENED),
    Trigger.MISS: Transition(_PENDING, State.PENDING, EventName.LOGIN_CODE_MISMATCH),
    Trigger.LAST_MISS: Transition(_PENDING, State.LOCKED, EventName.LOGIN_LOCKED),
    Trigger.APPROVE: Transition(_PENDING, State.APPROVED, EventName.LOGIN_APPROVED),
    Trigger.ISSUE_CODE: Transition(_PENDING, State.PENDING, EventName.LOGIN_CODE_ISSUED),
    Trigger.REDEEM: Transition(_PENDING, State.CONSUMED, EventName.LOGIN_COMPLETED),
    Trigger.COLLECT: Transition(_APPROVED, State.CONSUMED, EventName.LOGIN_COMPLETED),
    Trigger.COLLECT_AGAIN: Transition(_CONSUMED, State.CONSUMED, EventName.LOGIN_REISSUED),
    Trigger.REJECT: Transition(OPEN_STATES, State.DENIED, EventName.LOGIN_DENIED),
    Trigger.DENY: Transition(OPEN_STATES, State.DENIED, EventName.LOGIN_DENIED),
    Trigger.CANCEL: Transition(OPEN_STATES, State.CANCELLED, EventName.LOGIN_CANCELLED),
    Trigger.SUPERSEDE: Transition(OPEN_STATES, State.CANCELLED, EventName.LOGIN_SUPERSEDED),
    Trigger.EXPIRE: Transition(OPEN_STATES, State.EXPIRED, EventName.LOGIN_EXPIRED),
}


def current_state(state: State, expires_at: int, now: int) -> State:
    """The state as of `now`: reads write nothing, so a row whose time has passed may still be stored as open."""
    return State.EXPIRED if state in OPEN_STATES and now >= expires_at else state


def follow(state: State, trigger: Trigger) -> State | None:
    """The state after `trigger`, or None where the trigger is illegal and nothing may change."""
    transition = TRANSITIONS[trigger]
    return transition.target if state in transition.sources else None


def miss_trigger(misses_after: int) -> Trigger:
    """Which of the two kinds of miss a wrong code is, counted with itself."""
    return Trigger.LAST_MISS if misses_after >= MAX_TRIES else Trigger.MISS


def collection_deadline(approved_at: int, expires_at: int) -> int:
    """When an approved login expires: 120 s after approval and never after its own end [R45]."""
    return min(approved_at + COLLECTION_WINDOW, expires_at)
