# SPDX-License-Identifier: Apache-2.0
"""How fast each login's device polls this process; across replicas approximate, as only a raised interval is stored."""

from counterfoil_service.core.polling import Pace

FORGOTTEN_AFTER = 3600 * 1_000_000
"""Microseconds without a poll; no login lives longer."""


class Paces:
    """One `Pace` for each login that polled lately."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    def of(self, login_id: str) -> Pace:
        """The login's pace, a fresh one at its first poll."""
        return self._paces.setdefault(login_id, Pace())

    def forget(self, login_id: str) -> None:
        """The login has ended."""
        self._paces.pop(login_id, None)

    def prune(self, now: int) -> None:
        """Forget logins whose device went away."""
        old = [key for key, pace in self._paces.items() if not pace.held and now - pace.received_at > FORGOTTEN_AFTER]
        for key in old:
            del self._paces[key]
