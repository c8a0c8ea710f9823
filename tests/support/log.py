# SPDX-License-Identifier: Apache-2.0
"""The audit log: its entries as they were hashed, and many of them at once."""

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.leaf import leaf_bytes
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Database, Transaction
from counterfoil_service.db.log import Entry


def bytes_of(entry: Entry) -> bytes:
    """The canonical leaf."""
    assert entry.leaf is not None
    return leaf_bytes(entry.leaf)


async def grow_log(database: Database, count: int) -> None:
    """Append so many events in one transaction."""
    await database.write(_append, count)


async def _append(tx: Transaction, count: int, context: Context) -> None:
    for number in range(count):
        await audit.append(tx, context, AuditEvent(name=EventName.LOGIN_EXPIRED, application_id=f"app-{number}"))
