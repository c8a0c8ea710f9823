# SPDX-License-Identifier: Apache-2.0
"""Make the session that a sign-in gives to one device or browser, and tell the mailbox of a new one [R89]."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_device import Admission
from counterfoil_service.operations.queue_notice import NoticeKind, notice_secret, queue_notice


class BeginSession(msgspec.Struct, frozen=True, kw_only=True):
    """Everything was checked. `session_id` is new; `admission` is what `admit_device` found."""

    session_id: str
    login_id: str
    application: Application
    user: User
    admission: Admission
    jkt: str | None
    scope: str
    audience: str
    amr: tuple[str, ...]
    auth_time: int


async def begin_session(tx: Transaction, command: BeginSession, context: Context) -> Session:
    """The session as stored, with its event and, where the application wants it, its notice mail."""
    device, notice = command.admission.device, _notice(command)
    secret = notice_secret(context.keys, command.session_id) if notice else None
    session = Session(
        id=command.session_id,
        user_id=command.user.id,
        application_id=command.application.id,
        login_id=command.login_id,
        jkt=command.jkt,
        scope=command.scope,
        audience=command.audience,
        amr=" ".join(command.amr),
        auth_time=command.auth_time,
        created_at=context.now,
        last_used_at=context.now,
        device_id=device.id if device else None,
        notice_hash=digest(secret) if secret else None,
        changed_at=context.now if command.admission.changed else None,
    )
    await sessions.add(tx, session)
    event = AuditEvent(
        name=EventName.SESSION_CREATED,
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=session.jkt,
    )
    await audit.append(tx, context, event, mailbox=command.user.mailbox)
    if notice is not None:
        await queue_notice(tx, session, command.user, notice, context)
    return session


def _notice(command: BeginSession) -> NoticeKind | None:
    """Whether the mailbox hears of it: of a new device where the application says so, of a changed one unless not."""
    policy = command.application.new_devices
    if command.admission.new:
        return "notice" if policy == "notify" else None
    return "change" if command.admission.changed and policy != "allow" else None
