# SPDX-License-Identifier: Apache-2.0
"""The person behind a notice mail said: this was not me. Its session ends, with all that its device holds [R89]."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import audit, authorization_codes, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.describe_notice import NoticeView, describe_notice
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.opener import Opener
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions

_REASON = "reported_by_person"


class EndNoticedSession(msgspec.Struct, frozen=True):
    """The secret is the only authority needed: whoever reads the mailbox may end what it let in."""

    secret: str
    opener: Opener

    def __repr__(self) -> str:
        return "EndNoticedSession(***)"


async def end_noticed_session(tx: Transaction, command: EndNoticedSession, context: Context) -> NoticeView | None:
    """What was ended, or None where there was nothing left to end; of parallel callers exactly one ends it.

    All that the login gave ends, and every session of its device, whose next sign-in is noticed again.
    """
    view = await describe_notice(tx, command.secret, context.now, context.settings.session_limits)
    if view is None or not await _end(tx, view, context):
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


async def _end(tx: Transaction, view: NoticeView, context: Context) -> bool:
    if view.device is not None:
        try:
            await forget_device(tx, ForgetDevice(view.device.id, _REASON), context)
        except Refusal:
            return False
    await authorization_codes.drop_unused(tx, view.session.login_id)
    ended = await sessions.end_where(tx, now=context.now, login_id=view.session.login_id)
    await record_ended_sessions(tx, ended, context, reason=_REASON)
    return view.device is not None or bool(ended)
