# SPDX-License-Identifier: Apache-2.0
"""What takes two operators, where the settings say so: one asks, another grants, and the first then does it, once."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND

Act = Literal["relay", "erase"]
ACTS: Final[tuple[Act, ...]] = ("relay", "erase")

Standing = Literal["waiting", "granted", "declined", "used", "expired"]
"""`used`: what was granted is done; `expired`: nobody decided in time, or nobody did it."""

DECIDE_WITHIN: Final = 86_400 * SECOND
"""How long an erasure waits for a second person; a relay waits as long as its login."""

USE_WITHIN: Final = 3600 * SECOND
"""How long what was granted may be done; a relay never longer than its login waits."""

_DECIDED: Final[Mapping[Standing, str]] = {
    "granted": "it was granted already",
    "used": "it was granted and done already",
    "declined": "it was declined already",
    "expired": "its time is over: whoever asked may ask again",
}


class SecondPerson(msgspec.Struct, frozen=True):
    """One request for a second person; times in microseconds UTC.

    `target` is a login's id where a link is to be relayed; of whom is to be erased the subject, or of a mailbox without
    a user its keyed hash in hex. `requested_by` and `decided_by` are operators' ids; `granted` is 1 or 0.
    """

    id: str
    act: Act
    target: str
    reason: str
    requested_by: str
    requested_at: int
    expires_at: int
    decided_by: str | None = None
    decided_at: int | None = None
    granted: int | None = None
    used_at: int | None = None

    @property
    def is_relay(self) -> bool:
        """Whether a link is to be relayed, of the login `target`."""
        return self.act == "relay"

    def __repr__(self) -> str:
        return f"SecondPerson(id={self.id!r}, act={self.act!r})"

    def standing(self, now: int) -> Standing:
        """How it stands as of `now`."""
        if self.used_at is not None:
            return "used"
        if self.granted == 0:
            return "declined"
        if now >= self.expires_at:
            return "expired"
        return "waiting" if self.granted is None else "granted"


def read_acts(text: str) -> tuple[Act, ...]:
    """`relay,erase` or one of them, each once in the order of `ACTS`; a ValueError names the rule."""
    words = {part.strip() for part in text.split(",")}
    if not words <= set(ACTS):
        raise ValueError(f"must be {' or '.join(ACTS)}, or both with a comma between")
    return tuple(act for act in ACTS if act in words)


def target_of(mailbox: bytes, subject: str | None) -> str:
    """Whom an erasure means, where `subject` is the mailbox's user, if it has one."""
    return mailbox.hex() if subject is None else subject


def needs_second_person() -> Refusal:
    """Nobody has granted it to whoever tries, or not for long enough."""
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        "this takes two here (COUNTERFOIL_FOUR_EYES): ask for a second person first, and do it once another operator"
        " has granted it, within an hour",
    )


def granter_left() -> Refusal:
    """Whoever granted it has lost the role since: what they said counts no more."""
    return Refusal(
        ErrorCode.INVALID_REQUEST, "whoever granted this is no operator any more: ask for a second person again"
    )


def needs_nobody() -> Refusal:
    """The settings ask for no second person."""
    return Refusal(
        ErrorCode.INVALID_REQUEST, "this takes no second person here (COUNTERFOIL_FOUR_EYES): do it without one"
    )


def asked_before() -> Refusal:
    """One request at a time."""
    return Refusal(ErrorCode.INVALID_REQUEST, "you asked for a second person already, and have not done it since")


def refusal_to_decide(request: SecondPerson | None, by: str, now: int) -> Refusal:
    """Why nobody, or not this operator, decides it."""
    if request is None:
        return Refusal(ErrorCode.INVALID_REQUEST, "nobody asks for this: it may have been deleted by now")
    if request.requested_by == by:
        return Refusal(ErrorCode.INVALID_REQUEST, "you asked for this yourself: another operator has to decide")
    return Refusal(ErrorCode.INVALID_REQUEST, _DECIDED[request.standing(now)])
