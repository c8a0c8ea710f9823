# SPDX-License-Identifier: Apache-2.0
"""Give a confidential application another secret: the one before is dead from this moment on."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import applications, audit
from counterfoil_service.db.engine import Context, Transaction


class RenewSecret(msgspec.Struct, frozen=True):
    """`secret_hash` is argon2id of the new one, made before: it takes a while."""

    application_id: str
    secret_hash: str

    def __repr__(self) -> str:
        return f"RenewSecret(application_id={self.application_id!r})"


async def renew_secret(tx: Transaction, command: RenewSecret, context: Context) -> None:
    """A Refusal for an application that is not there, or has no secret. Sessions live on."""
    if not await applications.renew_secret(tx, command.application_id, command.secret_hash):
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"no application {command.application_id!r} with a secret: only one that was registered as confidential has"
            " any",
        )
    event = AuditEvent(
        name=EventName.APPLICATION_CHANGED,
        application_id=command.application_id,
        fields={"names": "secret", "operator": context.actor},
    )
    await audit.append(tx, context, event)
    # Every process remembers the application, its secret's hash among it.
    await tx.notify(None)
