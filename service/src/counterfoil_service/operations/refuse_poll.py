# SPDX-License-Identifier: Apache-2.0
"""Record a request by somebody who has a device code but not what it is bound to: an alert, no change [R61, R103]."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.bound_to import Mismatch


class RefusePoll(msgspec.Struct, frozen=True):
    """The login as it was read, what did not fit it, and where it was tried."""

    login: Login
    mismatch: Mismatch
    at: Literal["token", "mail_code"]
    source: str
    user_agent: str


async def refuse_poll(tx: Transaction, command: RefusePoll, context: Context) -> None:
    """Append the alert."""
    login = command.login
    event = AuditEvent(
        name=command.mismatch.event,
        outcome="failure",
        reason=command.mismatch.reason,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={"at": command.at, **command.mismatch.fields},
        personal={"source": command.source, "user_agent": command.user_agent},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
