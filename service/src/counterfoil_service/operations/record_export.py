# SPDX-License-Identifier: Apache-2.0
"""Record that a copy of the audit log left the service, by a command or at the console [R139]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_reading import check_staff


class RecordExport(msgspec.Struct, frozen=True):
    """`form` is the format's name, `from_index` the first entry."""

    form: str
    from_index: int


class RecordStaffExport(msgspec.Struct, frozen=True):
    """Of the entries that `filters` fit, told as a reading tells of them."""

    operator_id: str
    form: str
    filters: str


async def record_export(tx: Transaction, command: RecordExport, context: Context) -> None:
    """Before the first byte goes out."""
    fields: dict[str, str | int] = {
        "operator": context.actor,
        "format": command.form,
        "from_index": command.from_index,
    }
    await audit.append(tx, context, AuditEvent(name=EventName.AUDIT_EXPORTED, fields=fields))


async def record_staff_export(tx: Transaction, command: RecordStaffExport, context: Context) -> None:
    """The same; a Refusal, and no record, for who has lost the role meanwhile."""
    await check_staff(tx, command.operator_id)
    fields: dict[str, str | int] = {
        "operator": command.operator_id,
        "format": command.form,
        "filters": command.filters,
    }
    await audit.append(tx, context, AuditEvent(name=EventName.AUDIT_EXPORTED, fields=fields))
