# SPDX-License-Identifier: Apache-2.0
"""The proofs seen lately: enough for calls that grant nothing; the database remembers the others.

Here in this process. `redis.py` has what replicas share.
"""

from typing import Protocol

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db.engine import unavailable
from counterfoil_service.db.proofs import replayed

REMEMBERED = 90 * 1_000_000
"""Microseconds: a proof is good from 30 s before its time until 60 s after."""

CAPACITY = 1_000_000


class ReplayMemory(Protocol):
    """What asks whether a proof was seen before."""

    async def remember(self, replay_key: bytes, now: int) -> None:
        """Raise a Refusal for a proof seen before, or where it cannot be remembered."""


class ProcessReplayMemory:
    """Two generations: an entry is remembered for at least `REMEMBERED`, less than three times that."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._current: set[bytes] = set()
        self._previous: set[bytes] = set()
        self._turned_at = 0

    async def remember(self, replay_key: bytes, now: int) -> None:
        """Raise a Refusal for a proof seen before, or when there are more than can be remembered."""
        self._turn(now)
        if replay_key in self._current or replay_key in self._previous:
            raise replayed()
        if len(self._current) + len(self._previous) >= self._capacity:
            raise self._full()
        self._current.add(replay_key)

    def _turn(self, now: int) -> None:
        age = now - self._turned_at
        if age < REMEMBERED:
            return
        self._previous = self._current if age < 2 * REMEMBERED else set()
        self._current = set()
        self._turned_at = now

    @staticmethod
    def _full() -> Refusal:
        return unavailable(retry_after=REMEMBERED // 1_000_000)
