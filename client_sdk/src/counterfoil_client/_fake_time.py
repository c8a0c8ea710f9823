# SPDX-License-Identifier: Apache-2.0
"""The fake service's clock, shared with the clients it makes: waiting moves it, and so may a test."""

import asyncio
import threading
from datetime import datetime, timedelta

from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._surroundings import Surroundings


class FakeTime(Surroundings):
    """The real time plus all the time that was waited away."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.browsed: list[str] = []

    def profile(self) -> Profile:
        """A made-up machine, so that a test does not depend on the one it runs on."""
        return Profile(machine="0123456789abcdef0123456789abcdef", os="fake", hostname="fake-machine")

    def browse(self, url: str) -> bool:
        """Remember the page instead of showing it."""
        self.browsed.append(url)
        return True

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._ahead += seconds

    def now(self) -> datetime:
        """Wall clock, aware, in UTC."""
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return super().monotonic() + self._ahead

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Let time pass unless stopped."""
        if not stop.is_set():
            self.advance(seconds)

    async def apause(self, seconds: float, stop: asyncio.Event) -> None:
        """Let time pass, and other tasks come to their turn."""
        self.pause(seconds, threading.Event())
        await asyncio.sleep(0)
        del stop
