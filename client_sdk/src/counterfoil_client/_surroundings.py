# SPDX-License-Identifier: Apache-2.0
"""Clock, randomness, waiting and the machine in one place, so that no conversation reads them and a test sets them."""

import asyncio
import contextlib
import random
import secrets
import threading
import time
from datetime import UTC, datetime

from counterfoil_client import _browser
from counterfoil_client._fingerprint.collect import collect
from counterfoil_client._fingerprint.profile import Profile


class Surroundings:
    """The real clock, the operating system's randomness, and waits that a `stop` event ends early."""

    def now(self) -> datetime:
        """Wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def entropy(self, size: int) -> bytes:
        """Unpredictable bytes."""
        return secrets.token_bytes(size)

    def jitter(self) -> float:
        """A number from 0 to 1 that spreads the retries of many devices."""
        return random.SystemRandom().random()

    def profile(self) -> Profile:
        """Read what this machine says of itself, as it is now."""
        return collect()

    def browse(self, url: str) -> bool:
        """Show a page in the system's browser; False if there is none."""
        return _browser.browse(url)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Let time pass in a thread."""
        stop.wait(seconds)

    async def apause(self, seconds: float, stop: asyncio.Event) -> None:
        """Let time pass in a task."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
