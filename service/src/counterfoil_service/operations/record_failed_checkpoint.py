# SPDX-License-Identifier: Apache-2.0
"""Record that the log is not signed any more, as it is not what was sealed: an alert [R126]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction


class FailedCheckpoint(msgspec.Struct, frozen=True):
    """`size` is that of the last checkpoint, `entry` the first one that does not fit, where one is known."""

    size: int
    entry: int | None


async def record_failed_checkpoint(tx: Transaction, failed: FailedCheckpoint, context: Context) -> None:
    """Append the alert."""
    fields: dict[str, str | int] = {"size": failed.size}
    if failed.entry is not None:
        fields["entry"] = failed.entry
    event = AuditEvent(name=EventName.AUDIT_CHECKPOINT_FAILED, outcome="failure", reason="inconsistent", fields=fields)
    await audit.append(tx, context, event)
