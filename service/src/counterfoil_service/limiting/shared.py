# SPDX-License-Identifier: Apache-2.0
"""What replicas share beside the database, if the operator has a server for it; else each process has its own."""

from typing import Protocol

from counterfoil_service.db.engine import Clock
from counterfoil_service.limiting.counters import Counters, ProcessCounters
from counterfoil_service.limiting.replay import ProcessReplayMemory, ReplayMemory
from counterfoil_service.settings.secret import Secret


class Shared(Protocol):
    """Budgets and the memory of proofs."""

    counters: Counters
    replay: ReplayMemory

    async def check(self) -> None:
        """A 503 Refusal while it does not answer."""

    async def close(self) -> None:
        """Leave."""


class Process:
    """Satisfies `Shared`: this process by itself."""

    def __init__(self, clock: Clock) -> None:
        self.counters: Counters = ProcessCounters(clock)
        self.replay: ReplayMemory = ProcessReplayMemory()

    async def check(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """Nothing is open."""


def open_shared(url: Secret | None, clock: Clock) -> Shared:
    """Its modules are imported where they are used. Raises ImportError where the extra `redis` is not installed."""
    if url is None:
        return Process(clock)
    from counterfoil_service.limiting.redis import Redis

    return Redis(url)
