# SPDX-License-Identifier: Apache-2.0
"""Make the session that a sign-in gives to one device or browser, and tell the mailbox of a new device [R89]."""

import msgspec

from counterfoil_service.core import identifiers, link
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import digest, seal
from counterfoil_service.db import audit, outbox, sessions
from counterfoil_service.db.devices import Device
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User


class BeginSession(msgspec.Struct, frozen=True, kw_only=True):
    """Everything was checked. `session_id` is new; `new_device` as `admit_device` found it."""

    session_id: str
    login_id: str
    application: Application
    user: User
    device: Device | None
    new_device: bool
    jkt: str | None
    scope: str
    audience: str
    amr: tuple[str, ...]
    auth_time: int


async def begin_session(tx: Transaction, command: BeginSession, context: Context) -> Session:
    """The session as stored, with its event and, where the application wants it, its notice mail."""
    notify = command.new_device and command.application.new_devices == "notify"
    secret = link.make(context.entropy) if notify else None
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
        device_id=command.device.id if command.device else None,
        notice_hash=digest(secret) if secret else None,
    )
    await sessions.add(tx, session)
    await _record(tx, EventName.SESSION_CREATED, session, command.user, context)
    if secret is not None:
        await _queue_notice(tx, session, command.user, secret, context)
    return session


async def _queue_notice(tx: Transaction, session: Session, user: User, secret: str, context: Context) -> None:
    mail_id = identifiers.ulid(context.now, context.entropy)
    sealed = seal(context.keys.seal_outbox, secret.encode(), associated=mail_id.encode(), entropy=context.entropy)
    mail = outbox.Mail(
        id=mail_id,
        login_id=session.login_id,
        kind="notice",
        state="queued",
        recipient=user.address,
        sealed_secret=sealed,
        attempts=0,
        due_at=context.now,
        created_at=context.now,
        session_id=session.id,
    )
    await outbox.add(tx, mail)
    await _record(tx, EventName.MAIL_QUEUED, session, user, context, reason="new_device")


async def _record(
    tx: Transaction, name: EventName, session: Session, user: User, context: Context, reason: str | None = None
) -> None:
    event = AuditEvent(
        name=name,
        reason=reason,
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=session.jkt,
    )
    await audit.append(tx, context, event, mailbox=user.mailbox)
