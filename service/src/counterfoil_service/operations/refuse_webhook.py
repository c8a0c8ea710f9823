# SPDX-License-Identifier: Apache-2.0
"""Record that a webhook was refused: whoever sent it is not known, so nothing else is changed or told."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.mail_report import Provider
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction

Doubt = Literal[
    "not_signed", "signature", "stale", "credentials", "topic", "signature_version", "certificate"
]  # fmt: skip


class RefuseWebhook(msgspec.Struct, frozen=True):
    """`refused` is how many there were since the last such event, this one included."""

    provider: Provider
    doubt: Doubt
    refused: int


async def refuse_webhook(tx: Transaction, command: RefuseWebhook, context: Context) -> None:
    """Append the event."""
    event = AuditEvent(
        name=EventName.WEBHOOK_REFUSED,
        outcome="failure",
        reason=command.doubt,
        fields={"provider": command.provider, "refused": command.refused},
    )
    await audit.append(tx, context, event)
