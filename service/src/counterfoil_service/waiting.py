# SPDX-License-Identifier: Apache-2.0
"""The hub of held polls: one event for each waiting login, no query while nothing happens.

The database is the truth: a wake-up only says "read again", so a lost or needless one does no harm.
"""

import asyncio
import contextlib
from collections.abc import Iterator


class Hub:
    """Lives on one loop. `wake` is the database's `on_change`."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}
        self.draining = False

    def wake(self, login_id: str | None) -> None:
        """Wake who waits for one login; everybody when None."""
        events = self._waiting.values() if login_id is None else filter(None, [self._waiting.get(login_id)])
        for event in events:
            event.set()

    def drain(self) -> None:
        """Wake everybody, and hold nobody any more: the process is leaving."""
        self.draining = True
        self.wake(None)

    @contextlib.contextmanager
    def waiting(self, login_id: str) -> Iterator[asyncio.Event]:
        """Register before the state is read again, or a change in between would be missed."""
        event = self._waiting[login_id] = asyncio.Event()
        try:
            yield event
        finally:
            del self._waiting[login_id]

    def __len__(self) -> int:
        return len(self._waiting)
