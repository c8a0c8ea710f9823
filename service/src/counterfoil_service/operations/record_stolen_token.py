# SPDX-License-Identifier: Apache-2.0
"""Record a token that came with another key than its session's: an alert, no change [R61, R68]."""

from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session


class Stolen(msgspec.Struct, frozen=True):
    """Whose token it was, where it came, and from whom."""

    session: Session
    at: Literal["token", "revoke"]
    source: str
    user_agent: str


async def record_stolen_token(tx: Transaction, stolen: Stolen, context: Context) -> None:
    """Append the alert."""
    session = stolen.session
    event = AuditEvent(
        name=EventName.SESSION_KEY_MISMATCH,
        outcome="failure",
        reason="other_key",
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=session.jkt,
        fields={"at": stolen.at},
        personal={"source": stolen.source, "user_agent": stolen.user_agent},
    )
    user = await users.get(tx, session.user_id)
    await audit.append(tx, context, event, mailbox=user.mailbox if user else None)
