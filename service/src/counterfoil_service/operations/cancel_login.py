# SPDX-License-Identifier: Apache-2.0
"""The device gives its login up, with proof of the key that asked [R17]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import AlertDue
from counterfoil_service.core.login import Trigger, current_state
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, logins, proofs
from counterfoil_service.db.engine import Context, Transaction


class CancelLogin(msgspec.Struct, frozen=True):
    """`token` is what RFC 7009 calls it: here a device code. `charged`: an alert may be written."""

    application_id: str
    token: str
    proof: Proof | None
    charged: bool = False

    def __repr__(self) -> str:
        return f"CancelLogin(application_id={self.application_id!r})"


async def cancel_login(tx: Transaction, command: CancelLogin, context: Context) -> None:
    """Cancel what the caller may cancel; anything else has no effect and the same answer (RFC 7009 §2.2).

    AlertDue where that is to be recorded and the caller was not charged for it.
    """
    login = await logins.by_device_code(tx, digest(command.token))
    if login is None or login.application_id != command.application_id:
        return
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    jkt = command.proof.jkt if command.proof else None
    event = AuditEvent(
        name=EventName.LOGIN_CANCELLED, login_id=login.id, application_id=login.application_id, jkt=login.jkt
    )
    if jkt == login.jkt and await logins.end(tx, login.id, Trigger.CANCEL, now=context.now):
        await audit.append(tx, context, event, mailbox=login.mailbox)
        await tx.notify(login.id)
        return
    if not command.charged:
        raise AlertDue
    if jkt != login.jkt:
        stolen = msgspec.structs.replace(
            event, name=EventName.LOGIN_KEY_MISMATCH, outcome="failure", reason="other_key", fields={"at": "revoke"}
        )
        await audit.append(tx, context, stolen, mailbox=login.mailbox)
    else:
        await audit.append(tx, context, await _illegal(tx, login, event, context), mailbox=login.mailbox)


async def _illegal(tx: Transaction, login: logins.Login, event: AuditEvent, context: Context) -> AuditEvent:
    fresh = await logins.get(tx, login.id) or login
    state = current_state(fresh.state, fresh.expires_at, context.now)
    return msgspec.structs.replace(
        event,
        name=EventName.LOGIN_ILLEGAL_TRANSITION,
        outcome="failure",
        reason="already_ended",
        fields={"trigger": Trigger.CANCEL.value, "state": state.value},
    )
