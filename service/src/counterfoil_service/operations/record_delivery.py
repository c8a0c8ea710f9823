# SPDX-License-Identifier: Apache-2.0
"""Write what a mail provider tells of a mail: an event of the login's story, and the weightiest state beside the mail.

Each report counts once, in whatever order they come. None moves a login: whoever polls sees nothing [R120, R121].
"""

from typing import Final, Literal

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.mail_report import Accepted, DeliveryState, MailReport, Provider
from counterfoil_service.db import audit, logins, mail_reports, outbox, sessions, suppressions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.outbox import Mail
from counterfoil_service.db.suppressions import Suppression

_EVENTS: Final[dict[DeliveryState, EventName]] = {
    "deferred": EventName.MAIL_DEFERRED,
    "delivered": EventName.MAIL_DELIVERED,
    "failed": EventName.MAIL_FAILED,
    "suppressed": EventName.MAIL_SUPPRESSED,
    "bounced": EventName.MAIL_BOUNCED,
    "complained": EventName.MAIL_COMPLAINED,
}


async def record_delivery(tx: Transaction, accepted: Accepted, context: Context) -> None:
    """Nothing for what was told before, and nothing of a mail that is not here (any more)."""
    for each in accepted.once:
        if not await mail_reports.remember(tx, each, now=context.now):
            return
    report = accepted.report
    if report is None:
        return
    # The row is held from here on: an erasure meanwhile waits, or has taken its address out already.
    mail = await outbox.note_delivery(tx, report.mail_id, report.state)
    login = await logins.get(tx, mail.login_id) if mail is not None else None
    if mail is None or login is None:
        return
    await _record_report(tx, mail, login, accepted.provider, report, context)
    if mail.recipient and report.state == "bounced":
        await _suppress(tx, mail, login, accepted.provider, "bounced", context)
    elif mail.recipient and report.state == "complained":
        await _suppress(tx, mail, login, accepted.provider, "complained", context)


async def _record_report(
    tx: Transaction, mail: Mail, login: Login, provider: Provider, report: MailReport, context: Context
) -> None:
    session = await sessions.get(tx, mail.session_id) if mail.session_id else None
    event = AuditEvent(
        name=_EVENTS[report.state],
        outcome="success" if report.state == "delivered" else "failure",
        reason=report.word,
        login_id=login.id,
        application_id=login.application_id,
        session_id=mail.session_id,
        subject=session.user_id if session else None,
        fields={"provider": provider, **({"kind": mail.kind} if mail.kind == "change" else {})},
    )
    await audit.append(tx, context, event)


async def _suppress(
    tx: Transaction,
    mail: Mail,
    login: Login,
    provider: Provider,
    why: Literal["bounced", "complained"],
    context: Context,
) -> None:
    """One event for each mailbox, whichever report came first, so it does not tell which."""
    suppression = Suppression(login.mailbox, mail.recipient, why, provider, mail.id, context.now)
    if await suppressions.suppress(tx, suppression):
        event = AuditEvent(
            name=EventName.SUPPRESSION_ADDED,
            login_id=login.id,
            application_id=login.application_id,
            fields={"provider": provider},
        )
        await audit.append(tx, context, event)
