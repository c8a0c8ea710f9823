# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: who failed several times in a row is left alone for a while, then asked once."""

from typing import Final

from counterfoil_service.core.login import SECOND
from counterfoil_service.db.engine import Clock

FAILURES: Final = 3
REST_SECONDS: Final = 60


class Circuit:
    """One provider's, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = 0

    @property
    def is_open(self) -> bool:
        """Whether the provider is to be left alone."""
        return self._failures >= FAILURES and self._clock() < self._rests_until

    def ask(self) -> None:
        """Note that somebody asks: after a rest that one is a probe, and others wait for what comes of it."""
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST_SECONDS * SECOND

    def succeed(self) -> None:
        """It answered as it should."""
        self._failures = 0

    def fail(self) -> None:
        """It did not, or was too slow."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST_SECONDS * SECOND
