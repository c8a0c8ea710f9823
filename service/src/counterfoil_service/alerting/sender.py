# SPDX-License-Identifier: Apache-2.0
"""How an alert leaves, whatever the target is."""

from typing import Protocol

from counterfoil_service.operations.claim_pushes import ClaimedPush
from counterfoil_service.operations.settle_push import PushOutcome


class PushSender(Protocol):
    """Tells one target; at least once, under an id that stays the same."""

    async def send(self, claimed: ClaimedPush, now: int) -> PushOutcome:
        """What became of it; `now` in microseconds UTC. Ends within `claim_pushes.PUSH_LEASE_SECONDS`."""
