# SPDX-License-Identifier: Apache-2.0
"""Record that a copy of the audit log left the service by a command [R139]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction


class RecordExport(msgspec.Struct, frozen=True):
    """`form` is the format's name, `from_index` the first entry."""

    form: str
    from_index: int


async def record_export(tx: Transaction, command: RecordExport, context: Context) -> None:
    """Before the first byte goes out."""
    fields: dict[str, str | int] = {
        "operator": context.actor,
        "format": command.form,
        "from_index": command.from_index,
    }
    await audit.append(tx, context, AuditEvent(name=EventName.AUDIT_EXPORTED, fields=fields))
