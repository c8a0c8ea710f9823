# SPDX-License-Identifier: Apache-2.0
"""Mail codes hashed and checked where it holds up nobody else: off the loop, two at a time, one try at a time a login.

The try is counted after the check, by a conditional write: of guesses that come at once no more than five are counted
wrong before a right one counts, in whatever order they are written, so sending many at once gains nothing.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from counterfoil_service.core import mail_code
from counterfoil_service.core.argon2_cost import Argon2Cost
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto.argon2 import hash_secret, verify_secret
from counterfoil_service.db.engine import Entropy

_CONCURRENT_HASHES = 2


class MailCodes:
    """What one process knows of the tries under way."""

    def __init__(self, cost: Argon2Cost, entropy: Entropy) -> None:
        self._cost = cost
        self._entropy = entropy
        self._slots = asyncio.Semaphore(_CONCURRENT_HASHES)
        self._tried: set[str] = set()

    async def make(self) -> tuple[str, str]:
        """A new code and its argon2id hash."""
        code = mail_code.make(self._entropy)
        async with self._slots:
            return code, await asyncio.to_thread(hash_secret, code, self._cost)

    async def fits(self, encoded: str, code: str) -> bool:
        """Whether this is the code."""
        async with self._slots:
            return await asyncio.to_thread(verify_secret, encoded, code)

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
