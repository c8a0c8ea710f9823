# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one open login between two calls, so that a second wait keeps the pace of the first."""

from dataclasses import dataclass, field
from datetime import datetime

from counterfoil_client.errors import LoginEnded
from counterfoil_client.session import Session
from counterfoil_client.stores import DeviceKey


@dataclass(slots=True)
class OpenLogin:
    """One login. `deadline` and `next_poll_at` are monotonic, `expires_at` is what a person's clock shows."""

    key: DeviceKey = field(repr=False)
    device_code: str = field(repr=False)
    user_code: str
    login_id: str
    verification_uri: str
    expires_at: datetime
    deadline: float
    next_poll_at: float
    interval: int
    poll_wait_max: int
    device_fingerprint: str | None = field(default=None, repr=False)
    failures: int = 0
    asked_after_sleep: bool = False
    cancelling: bool = False
    session: Session | None = None
    ended: LoginEnded | None = None
