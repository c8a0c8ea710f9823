# SPDX-License-Identifier: Apache-2.0
"""How many webhooks this process has refused: one event a provider and minute, so that no flood fills the log."""

from counterfoil_service.core.login import SECOND
from counterfoil_service.core.mail_report import Provider

EVERY = 60 * SECOND


class Refusals:
    """State of one process."""

    def __init__(self) -> None:
        self._told_at: dict[Provider, int] = {}
        self._untold: dict[Provider, int] = {}

    def to_tell(self, provider: Provider, now: int) -> int:
        """Count one more; how many an event is to tell of now, or 0 within a minute of the last one."""
        untold = self._untold.get(provider, 0) + 1
        told_at = self._told_at.get(provider)
        if told_at is not None and now - told_at < EVERY:
            self._untold[provider] = untold
            return 0
        self._told_at[provider], self._untold[provider] = now, 0
        return untold
