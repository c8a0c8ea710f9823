# SPDX-License-Identifier: Apache-2.0
"""The person said no on the link page: pending or approved, the device never gets the session (T10, T11)."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import Trigger, current_state
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, logins
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.opener import Opener, facts_of


class RejectLogin(msgspec.Struct, frozen=True):
    """The link secret is the only authority needed: whoever holds it may say no."""

    secret: str
    opener: Opener

    def __repr__(self) -> str:
        return "RejectLogin(***)"


async def reject_login(tx: Transaction, command: RejectLogin, context: Context) -> bool:
    """Whether there was something to reject."""
    login = await logins.by_link(tx, digest(command.secret))
    if login is None:
        return False
    rejected = await logins.end(tx, login.id, Trigger.REJECT, now=context.now)
    if not rejected:  # a race or the clock decided after it was read first
        login = await logins.get(tx, login.id) or login
    state = current_state(login.state, login.expires_at, context.now)
    event = AuditEvent(
        name=EventName.LOGIN_DENIED if rejected else EventName.LOGIN_ILLEGAL_TRANSITION,
        outcome="success" if rejected else "failure",
        reason="rejected_by_person" if rejected else "dead_link",
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields={
            "trigger": Trigger.REJECT.value,
            "state": state.value,
            **await facts_of(tx, command.opener, login, context),
        },
        personal=command.opener.personal,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    if rejected:
        await tx.notify(login.id)
    return rejected
