# SPDX-License-Identifier: Apache-2.0
"""The two values a wait gives to an application: what happens meanwhile, and the session at its end."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person on this device. Both tokens are secrets, bound to the device key, and never shown."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    subject: str
    expires_at: datetime
    scope: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a wait: `attempt` is the number of the next question, due in `retry_in` seconds.

    `unreachable` means that the service gave no usable answer; the login stays open and is asked about again.
    """

    state: Literal["waiting", "slowed_down", "unreachable"]
    attempt: int
    retry_in: float
    seconds_left: float
