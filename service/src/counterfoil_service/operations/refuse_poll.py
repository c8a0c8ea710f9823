# SPDX-License-Identifier: Apache-2.0
"""Record a poll by somebody who has a device code but not what it is bound to: an alert, no change [R61]."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login

Mismatch = Literal["other_key", "other_fingerprint"]
_NAMES = {
    "other_key": EventName.LOGIN_KEY_MISMATCH,
    "other_fingerprint": EventName.LOGIN_FINGERPRINT_MISMATCH,
}


class RefusePoll(msgspec.Struct, frozen=True):
    """The login as it was read, and what did not fit it."""

    login: Login
    mismatch: Mismatch
    source: str
    user_agent: str


async def refuse_poll(tx: Transaction, command: RefusePoll, context: Context) -> None:
    """Append the alert."""
    login = command.login
    event = AuditEvent(
        name=_NAMES[command.mismatch],
        outcome="failure",
        reason=command.mismatch,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={"at": "token"},
        personal={"source": command.source, "user_agent": command.user_agent},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
