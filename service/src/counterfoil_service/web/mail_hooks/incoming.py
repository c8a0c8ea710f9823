# SPDX-License-Identifier: Apache-2.0
"""A webhook as it came, and what every scheme shares."""

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.core.mail_report import Accepted
from counterfoil_service.operations.refuse_webhook import Doubt

TOLERANCE = 300 * SECOND
"""How far a signed time may lie behind or ahead, where the sender signs anew at each attempt (Standard Webhooks)."""

_SECONDS = re.compile(r"[0-9]{1,12}")


class Incoming(msgspec.Struct, frozen=True):
    """`headers` have names in lower case, the first of each; `now` is in microseconds UTC."""

    headers: Mapping[str, str]
    body: bytes
    now: int


class Unverified(Exception):  # noqa: N818 - an answer, not a fault
    """It is not genuine as far as anybody can tell; `doubt` is for the audit log and never for the sender."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt)
        self.doubt: Doubt = doubt


class Scheme(Protocol):
    """How one provider's webhooks are known to be genuine, and what they say."""

    async def accept(self, incoming: Incoming) -> Accepted:
        """What it says; raises Unverified, and a 503 Refusal where it cannot be told now."""


def check_time(sent_at: int, now: int, *, oldest: int = TOLERANCE) -> None:
    """Refuse what was signed longer ago than `oldest`, or ahead of any clock; all in microseconds."""
    if not -TOLERANCE <= now - sent_at <= oldest:
        raise Unverified("stale")


def seconds_of(text: str) -> int:
    """Whole seconds since 1970 as microseconds."""
    if not _SECONDS.fullmatch(text):
        raise Unverified("not_signed")
    return int(text) * SECOND
