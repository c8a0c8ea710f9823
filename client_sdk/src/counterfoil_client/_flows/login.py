# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one open login between two calls, so that a second wait keeps the pace of the first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from counterfoil_client._redirect import WayHome
from counterfoil_client.errors import DeviceNotEnrolled, LoginCancelled, LoginDenied, LoginEnded, LoginLocked
from counterfoil_client.session import Session
from counterfoil_client.stores import DeviceKey

_DENIALS: dict[str, type[LoginDenied]] = {"locked": LoginLocked, "new_device": DeviceNotEnrolled}


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
    way_home: WayHome | None = None
    failures: int = 0
    asked_after_sleep: bool = False
    cancelling: bool = False
    session: Session | None = None
    ended: LoginEnded | None = None
    _claimed: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing that comes later can change how it ends here."""
        return self.session is not None or self.ended is not None or self.cancelling

    def check_open(self) -> None:
        """Raise how it ended, if it has."""
        if self.ended is not None:
            raise self.ended
        if self.cancelling:
            raise LoginCancelled

    def claim(self, by: Literal["wait", "cancel"]) -> bool:
        """Whether the session is theirs: a wait hands it out, or a cancel ends it, whoever came first."""
        # One atomic step, so of threads that race one wins.
        return self._claimed.setdefault("session", by) == by

    def hand_out(self, session: Session) -> Session:
        """Return the session to the application, unless a cancel was first."""
        if not self.claim("wait"):
            raise LoginCancelled
        return session

    def end(self, ending: LoginEnded) -> LoginEnded:
        """Remember how it ended first, so that nobody asks again; a cancelled login is `invalid_grant` there."""
        if self.ended is None:
            self.ended = LoginCancelled() if self.cancelling else ending
        return self.ended

    def deny(self, reason: str) -> LoginEnded:
        """End it for the `reason` that stands beside `access_denied`; services may grow new ones."""
        return self.end(_DENIALS.get(reason, LoginDenied)())

    def fingerprint_form(self) -> tuple[tuple[str, str], ...]:
        """The field that each later request repeats, where the first one had it: within a login it must not change."""
        return fingerprint_form(self.device_fingerprint)


def fingerprint_form(fingerprint: str | None) -> tuple[tuple[str, str], ...]:
    """The form field, where there is a fingerprint."""
    return () if fingerprint is None else (("device_fingerprint", fingerprint),)
