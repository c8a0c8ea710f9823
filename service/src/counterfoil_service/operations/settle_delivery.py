# SPDX-License-Identifier: Apache-2.0
"""Write what became of a delivery: the sink's next entry, or its next try.

No event tells of each: it would be an entry of the log itself, to be delivered in its turn without an end. One tells
of a sink that has failed for long, once, and not again before it has taken something.
"""

from typing import Final

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import SECOND
from counterfoil_service.db import audit, audit_sinks
from counterfoil_service.db.audit_sinks import NEVER, SinkRow
from counterfoil_service.db.engine import Context, Transaction

DEAD_ATTEMPTS: Final = 10
DEAD_AFTER: Final = 3600 * SECOND
"""So many attempts, or so long since the first of them failed (microseconds): by then it is no restart."""


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
    claimed, outcome, now = command.claimed, command.outcome, context.now
    if isinstance(outcome, Delivered):
        return await audit_sinks.advance(tx, claimed, to=outcome.end, now=now)
    if not await audit_sinks.defer(tx, claimed, outcome.problem, due_at=outcome.due_at, now=now):
        return False
    if _is_dead(claimed, outcome, now) and await audit_sinks.mark_told(tx, claimed.name, now=now):
        event = AuditEvent(
            name=EventName.AUDIT_SINK_FAILED,
            outcome="failure",
            # Behind a colon stands what a certificate said of itself: no code.
            reason=outcome.problem.partition(":")[0],
            fields={"sink": claimed.shown, "attempts": claimed.attempts},
        )
        await audit.append(tx, context, event)
    return True


def _is_dead(claimed: SinkRow, outcome: Deferred, now: int) -> bool:
    tried = claimed.attempts >= DEAD_ATTEMPTS or outcome.due_at == NEVER
    return tried or (claimed.failing_since is not None and now - claimed.failing_since >= DEAD_AFTER)
