# SPDX-License-Identifier: Apache-2.0
"""The person behind a notice mail said: this was not me. Its session ends, with all that its device holds [R89]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.describe_notice import NoticeView, describe_notice
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.opener import Opener

_REASON = "reported_by_person"


class EndNoticedSession(msgspec.Struct, frozen=True):
    """The secret is the only authority needed: whoever reads the mailbox may end what it let in."""

    secret: str
    opener: Opener

    def __repr__(self) -> str:
        return "EndNoticedSession(***)"


async def end_noticed_session(tx: Transaction, command: EndNoticedSession, context: Context) -> NoticeView | None:
    """What was ended, or None where the device was forgotten before; of parallel callers exactly one forgets it.

    Every session of the device ends, and its next sign-in is noticed again.
    """
    view = await describe_notice(tx, command.secret)
    if view is None:
        return None
    try:
        await forget_device(tx, ForgetDevice(view.device.id, _REASON), context)
    except Refusal:
        return None
    event = AuditEvent(
        name=EventName.LOGIN_REPORTED,
        outcome="failure",
        reason="from_notice",
        login_id=view.session.login_id,
        application_id=view.session.application_id,
        session_id=view.session.id,
        subject=view.user.id,
        jkt=view.session.jkt,
        personal=command.opener.personal,
    )
    await audit.append(tx, context, event, mailbox=view.user.mailbox)
    return view
