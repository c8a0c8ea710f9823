# SPDX-License-Identifier: Apache-2.0
"""End a login with a session: its person identified, the device admitted, the login consumed (T8, T9), all at once."""

import msgspec

from counterfoil_service.core import identifiers
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.grant import amr_of
from counterfoil_service.core.login import TRANSITIONS, State, Trigger
from counterfoil_service.core.polling import DenialReason, refusal_of
from counterfoil_service.db import audit, logins, mailbox_keys
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.admit_device import admit_device
from counterfoil_service.operations.begin_session import BeginSession, begin_session
from counterfoil_service.operations.deny_login import deny_login
from counterfoil_service.operations.identify_person import identify_person, record_verified, verifying, why_refused


class CompleteLogin(msgspec.Struct, frozen=True):
    """The login was read in a state from which `trigger` is legal; `auth_time` is when the person acted."""

    login: Login
    application: Application
    trigger: Trigger
    auth_time: int


async def complete_login(tx: Transaction, command: CompleteLogin, context: Context) -> Session | DenialReason:
    """The session, or why the person may not have it after all: the login is denied with it."""
    login = command.login
    user = await identify_person(tx, login, context)
    reason = why_refused(user, login)
    if reason is not None:
        await deny_login(tx, login, user.id, reason, context)
        return "denied"
    admission = await admit_device(tx, command.application, user, login, context)
    if admission.refused:
        await deny_login(tx, login, user.id, "new_device", context)
        return "new_device"
    session_id = identifiers.ulid(context.now, context.entropy)
    consumed, verified, _ = await tx.gather(
        logins.consuming(login.id, command.trigger, now=context.now, session_id=session_id),
        verifying(user, context),
        mailbox_keys.forgiving(login.mailbox),
    )
    if not consumed:
        raise refusal_of(State.CONSUMED, login.expires_at, context.now)
    await record_verified(tx, verified, user, login, context)
    event = AuditEvent(
        name=TRANSITIONS[command.trigger].event,
        login_id=login.id,
        application_id=login.application_id,
        session_id=session_id,
        subject=user.id,
        jkt=login.jkt,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    beginning = BeginSession(
        session_id=session_id,
        login_id=login.id,
        application=command.application,
        user=user,
        admission=admission,
        jkt=login.jkt,
        scope=login.scope,
        audience=login.audience,
        amr=amr_of(key_bound=login.jkt is not None, user_code_typed=login.approved_by == "user_code"),
        auth_time=command.auth_time,
    )
    return await begin_session(tx, beginning, context)
