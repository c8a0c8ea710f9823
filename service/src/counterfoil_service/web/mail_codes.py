# SPDX-License-Identifier: Apache-2.0
"""Mail codes hashed and checked where it holds up nobody else: off the loop, two at a time, one try at a time a login.

The try is counted after the check, by a conditional write: of guesses that come at once no more than five are counted
wrong before a right one counts, in whatever order they are written, so sending many at once gains nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from counterfoil_service.core import mail_code
from counterfoil_service.core.argon2_cost import Argon2Cost
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.argon2 import hash_secret, verify_secret
from counterfoil_service.db.engine import Entropy, unavailable

_CONCURRENT_HASHES = 2
_MOST_WAITING = 40
"""At some 90 ms a hash nobody waits longer than a few seconds."""


class MailCodes:
    """What one process knows of the tries under way."""

    def __init__(self, cost: Argon2Cost, entropy: Entropy) -> None:
        self._cost = cost
        self._entropy = entropy
        self._slots = asyncio.Semaphore(_CONCURRENT_HASHES)
        self._waiting = 0
        self._tried: set[str] = set()
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def make(self) -> tuple[str, str]:
        """A new code and its argon2id hash."""
        code = mail_code.make(self._entropy)
        async with self._slot():
            return code, await asyncio.to_thread(hash_secret, code, self._cost)

    async def fits(self, encoded: str, code: str) -> bool:
        """Whether this is the code."""
        async with self._slot():
            return await asyncio.to_thread(verify_secret, encoded, code)

    @contextlib.asynccontextmanager
    async def one_request(self, source_range: str) -> AsyncIterator[None]:
        """Let the requests of one network come one after another: each meets the budget that the last has used."""
        lock, count = self._turns.get(source_range, (asyncio.Lock(), 0))
        if count >= _MOST_WAITING:
            raise unavailable()
        self._turns[source_range] = lock, count + 1
        try:
            async with lock:
                yield
        finally:
            lock, count = self._turns.pop(source_range)
            if count > 1:
                self._turns[source_range] = lock, count - 1

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """One of few, after a queue that does not grow without end: whoever finds it full is told to come back."""
        if self._waiting >= _MOST_WAITING:
            raise unavailable()
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1

    @contextlib.contextmanager
    def one_try(self, login_id: str) -> Iterator[None]:
        """Keep the next try of this login out until this one is counted."""
        if login_id in self._tried:
            raise Refusal(ErrorCode.SLOW_DOWN, "Another code of this sign-in is being checked; try again in a second.")
        self._tried.add(login_id)
        try:
            yield
        finally:
            self._tried.discard(login_id)
