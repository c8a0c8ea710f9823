# SPDX-License-Identifier: Apache-2.0
"""Record that the log was not signed, as it does not continue its last checkpoint: an alert [R126]."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction


async def record_failed_checkpoint(tx: Transaction, size: int, context: Context) -> None:
    """Append the alert; `size` is that of the last checkpoint."""
    event = AuditEvent(
        name=EventName.AUDIT_CHECKPOINT_FAILED, outcome="failure", reason="inconsistent", fields={"size": size}
    )
    await audit.append(tx, context, event)
