# SPDX-License-Identifier: Apache-2.0
"""What a poll is told, and how its pace is judged (RFC 8628 §3.5, CIBA's rules for long polls)."""

from typing import Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import EXPIRED_ANSWER_WINDOW, SECOND, State

MAX_WAIT = 25
"""Seconds a poll may be held."""

DenialReason = Literal["denied", "locked", "new_device"]
_DENIED: dict[State, DenialReason] = {State.DENIED: "denied", State.LOCKED: "locked"}


def refusal_of(state: State, expires_at: int, now: int) -> Refusal:
    """The answer to a poll of a login that gives no tokens."""
    if state is State.PENDING:
        return pending()
    if state in _DENIED:
        return AccessDenied(_DENIED[state])
    if state is State.EXPIRED and now < expires_at + EXPIRED_ANSWER_WINDOW:
        return Refusal(ErrorCode.EXPIRED_TOKEN, "The login expired; ask for a new link.")
    return invalid_grant()


def pending() -> Refusal:
    """Nobody has decided yet."""
    return Refusal(ErrorCode.AUTHORIZATION_PENDING, "The link was not approved yet; poll again.")


def invalid_grant() -> Refusal:
    """One sentence for every reason, so that nobody learns which."""
    return Refusal(ErrorCode.INVALID_GRANT, "The code is unknown, used up, or was not made for this device.")


def needs_fingerprint() -> Refusal:
    """The application was registered so, and its SDK knows how."""
    return Refusal(ErrorCode.INVALID_REQUEST, "device_fingerprint: this application must send one")


def too_fast() -> Refusal:
    """The poll came early or beside a held one."""
    return Refusal(ErrorCode.SLOW_DOWN, "Polls come too fast or overlap; wait five seconds longer between them.")


_DENIALS: dict[DenialReason, str] = {
    "denied": "The sign-in was refused.",
    "locked": "The sign-in was refused.",
    "new_device": "This application takes known devices only: have its operator enrol this one, then sign in again.",
}


class AccessDenied(Refusal):
    """The person said no, three codes were wrong, or the device is not known: `reason` tells the device which."""

    def __init__(self, reason: DenialReason) -> None:
        super().__init__(ErrorCode.ACCESS_DENIED, _DENIALS[reason])
        self.reason = reason


class Pace(msgspec.Struct):
    """One login's polls in one process: when the last was received (microseconds), and whether one is held."""

    received_at: int = 0
    held: bool = False

    def is_early(self, interval: int, now: int) -> bool:
        """Whether a poll at `now` comes before `interval` seconds have passed since the last was received [R13]."""
        return bool(self.received_at) and now - self.received_at < interval * SECOND
