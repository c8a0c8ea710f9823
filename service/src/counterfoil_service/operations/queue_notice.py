# SPDX-License-Identifier: Apache-2.0
"""Tell the mailbox of a sign-in or of a change that its owner should know of, by a mail that can end the session."""

from typing import Literal

from counterfoil_service.core import identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.keys import Keys, keyed, seal
from counterfoil_service.db import audit, outbox
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User

NoticeKind = Literal["notice", "change"]
_REASONS: dict[NoticeKind, str] = {"notice": "new_device", "change": "changed_device"}


def notice_secret(keys: Keys, session_id: str) -> str:
    """The secret in every notice about a session: made again each time, so that no later one kills an earlier link."""
    return base64url(keyed(keys.notice, session_id.encode()))


async def queue_notice(tx: Transaction, session: Session, user: User, kind: NoticeKind, context: Context) -> None:
    """The row and its event; whoever writes the session stores the secret's hash with it."""
    mail_id = identifiers.ulid(context.now, context.entropy)
    secret = notice_secret(context.keys, session.id).encode()
    mail = outbox.Mail(
        id=mail_id,
        login_id=session.login_id,
        kind=kind,
        state="queued",
        recipient=user.address,
        sealed_secret=seal(context.keys.seal_outbox, secret, associated=mail_id.encode(), entropy=context.entropy),
        attempts=0,
        due_at=context.now,
        created_at=context.now,
        session_id=session.id,
    )
    await outbox.add(tx, mail)
    event = AuditEvent(
        name=EventName.MAIL_QUEUED,
        reason=_REASONS[kind],
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=session.jkt,
    )
    await audit.append(tx, context, event, mailbox=user.mailbox)
