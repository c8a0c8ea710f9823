# SPDX-License-Identifier: Apache-2.0
"""Client secrets of confidential applications: argon2id, checked where it holds up nobody else."""

import asyncio
from collections.abc import Callable

from counterfoil_service.core.application import Application
from counterfoil_service.crypto.argon2 import verify_secret
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db.engine import unavailable

REMEMBERED = 300 * 1_000_000
"""Microseconds for which a successful check is remembered after its last use: argon2id costs a hundred requests."""

_CAPACITY = 1024
_CONCURRENT_CHECKS = 2
_MOST_WAITING = 40


class SecretChecks:
    """Client secrets, verified off the loop, two at a time; successes are remembered by a keyed digest."""

    def __init__(self, key: bytes, verify: Callable[[str, str], bool] = verify_secret) -> None:
        self._key = key
        self._verify = verify
        self._remembered: dict[bytes, int] = {}
        self._slots = asyncio.Semaphore(_CONCURRENT_CHECKS)
        self._waiting = 0

    def remembers(self, application: Application, secret: str, now: int) -> bool:
        """Whether this was found to be its secret lately, and used since: strangers beside it do not make it wait."""
        name = self._name(application, secret)
        if self._remembered.get(name, 0) <= now:
            return False
        self._remembered[name] = now + REMEMBERED
        return True

    async def passes(self, application: Application, secret: str, now: int) -> bool:
        """Whether this is the application's secret."""
        if self.remembers(application, secret, now):
            return True
        encoded, name = application.secret_hash or "", self._name(application, secret)
        if self._waiting >= _MOST_WAITING:
            raise unavailable()
        self._waiting += 1
        try:
            async with self._slots:
                correct = await asyncio.to_thread(self._verify, encoded, secret)
        finally:
            self._waiting -= 1
        if correct:
            if len(self._remembered) >= _CAPACITY:
                self._remembered.clear()
            self._remembered[name] = now + REMEMBERED
        return correct

    def _name(self, application: Application, secret: str) -> bytes:
        return keyed(self._key, (application.secret_hash or "").encode(), secret.encode())
