# SPDX-License-Identifier: Apache-2.0
"""Write what became of a delivery: the sink's next entry, or its next try.

No event tells of it: it would be an entry of the log itself, to be delivered in its turn without an end.
"""

import msgspec

from counterfoil_service.db import audit_sinks
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.db.engine import Context, Transaction


class Delivered(msgspec.Struct, frozen=True):
    """`end` is the entry after the last one that was taken."""

    end: int


class Deferred(msgspec.Struct, frozen=True):
    """`problem` is a short code without a secret; `due_at` in microseconds UTC, `NEVER` to stop."""

    problem: str
    due_at: int


class SettleDelivery(msgspec.Struct, frozen=True):
    """`claimed` is the row as it was claimed."""

    claimed: SinkRow
    outcome: Delivered | Deferred


async def settle_delivery(tx: Transaction, command: SettleDelivery, context: Context) -> bool:
    """False, and nothing changes, when somebody has claimed or moved the sink since: a late word does not go back."""
    outcome = command.outcome
    if isinstance(outcome, Delivered):
        return await audit_sinks.advance(tx, command.claimed, to=outcome.end, now=context.now)
    return await audit_sinks.defer(tx, command.claimed, outcome.problem, due_at=outcome.due_at)
