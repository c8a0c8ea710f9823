# SPDX-License-Identifier: Apache-2.0
"""Take the turn to deliver a sink's next entries, so that two replicas do not send the same."""

from counterfoil_service.core.login import SECOND
from counterfoil_service.db import audit_sinks
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction

LEASE_SECONDS = 60
"""Longer than any delivery may take, so that its entries are not sent by two at once."""


async def entries_due(tx: ReadTransaction, name: str, now: int) -> bool:
    """Whether there is anything to claim: entries under a checkpoint, and no lease or pause before `now`."""
    sink = await audit_sinks.get(tx, name)
    return sink is not None and sink.due_at <= now and await audit_sinks.covering(tx, sink.next_index) is not None


async def claim_entries(tx: Transaction, name: str, context: Context) -> SinkRow | None:
    """The sink's row, leased for a minute; None where nothing is due or somebody else was faster."""
    if not await entries_due(tx, name, context.now):
        return None
    return await audit_sinks.claim(tx, name, now=context.now, leased_until=context.now + LEASE_SECONDS * SECOND)
