# SPDX-License-Identifier: Apache-2.0
"""Tell the log of a budget that is used up; the call itself was refused and changed nothing."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.place import Place
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.opener import place_facts


class RecordRefused(msgspec.Struct, frozen=True):
    """`budget` is its name. Of whoever called there is what is public alone: the same for every address [R96]."""

    budget: str
    place: Place
    application_id: str | None = None
    jkt: str | None = None


async def record_refused(tx: Transaction, command: RecordRefused, context: Context) -> None:
    """One event; whoever calls sees to it that a flood makes one a window."""
    event = AuditEvent(
        name=EventName.LIMIT_REFUSED,
        outcome="failure",
        reason=command.budget,
        application_id=command.application_id,
        jkt=command.jkt,
        fields=place_facts(command.place),
    )
    await audit.append(tx, context, event)
