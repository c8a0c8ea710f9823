# SPDX-License-Identifier: Apache-2.0
"""Write what became of a mail: the row's end or its next try, and the event, in one transaction."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, logins, outbox, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.outbox import Mail
from counterfoil_service.operations.record_flood import record_flood

Outcome = Literal["sent", "failed", "expired", "deferred"]
_EVENTS = {
    "sent": EventName.MAIL_SENT,
    "failed": EventName.MAIL_FAILED,
    "expired": EventName.MAIL_FAILED,
    "deferred": EventName.MAIL_DEFERRED,
}


class SettleMail(msgspec.Struct, frozen=True):
    """`reason` is a code, such as an SMTP reply code; `due_at` (microseconds UTC) belongs to a deferral.

    `provider` took the mail, or perhaps did where it is deferred; None leaves what an earlier attempt found.
    """

    mail: Mail
    outcome: Outcome
    reason: str | None = None
    due_at: int = 0
    provider: str | None = None


async def settle_mails(tx: Transaction, commands: Sequence[SettleMail], context: Context) -> None:
    """Several that ended together."""
    for command in commands:
        await settle_mail(tx, command, context)


async def settle_mail(tx: Transaction, command: SettleMail, context: Context) -> None:
    """Nothing, when another worker has claimed the row since: that one's word counts."""
    mail = command.mail
    if mail.kind == "decoy":
        await outbox.drop_decoy(tx, mail)
        return
    provider = command.provider or mail.provider
    if command.outcome == "deferred":
        mine = await outbox.defer(tx, mail, provider=provider, due_at=command.due_at)
    else:
        mine = await outbox.settle(tx, mail, command.outcome, provider=provider, now=context.now)
    if not mine:
        return
    session = await sessions.get(tx, mail.session_id) if mail.session_id else None
    about = session or await logins.get(tx, mail.login_id)
    event = AuditEvent(
        name=_EVENTS[command.outcome],
        outcome="success" if command.outcome == "sent" else "failure",
        reason=command.reason,
        login_id=mail.login_id,
        application_id=about.application_id if about else None,
        session_id=mail.session_id,
        subject=session.user_id if session else None,
        fields={
            "attempt": mail.attempts,
            **({"kind": mail.kind} if mail.kind == "change" else {}),
            **({"provider": command.provider} if command.provider else {}),
        },
    )
    await audit.append(tx, context, event)
    if mail.kind == "link" and command.outcome == "sent" and isinstance(about, Login) and not about.known_device:
        await record_flood(tx, about, context)
