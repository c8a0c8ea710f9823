# SPDX-License-Identifier: Apache-2.0
"""The device sent the digits of the mail: approve its login, count a miss, or lock it (T4-T6)."""

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import TRANSITIONS, State, Trigger, collection_deadline, current_state
from counterfoil_service.core.mail_code import MAX_TRIES, CodeMismatch
from counterfoil_service.core.polling import refusal_of
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db import audit, logins, mailbox_keys, proofs
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login


class TryMailCode(msgspec.Struct, frozen=True):
    """Key and machine were compared with the login before, and the code with its hash: `fits` says what came of it."""

    login_id: str
    proof: Proof
    fits: bool
    source: str
    user_agent: str


async def try_mail_code(tx: Transaction, command: TryMailCode, context: Context) -> Refusal | None:
    """None once the login is approved. One conditional write decides, as at the link [R40]."""
    await proofs.spend(tx, command.proof, now=context.now)
    login = await logins.get(tx, command.login_id, locked=True)
    if login is None:
        return refusal_of(State.CANCELLED, 0, context.now)
    state = current_state(login.state, login.expires_at, context.now)
    if state is State.APPROVED:
        return None
    if state is not State.PENDING:
        return refusal_of(state, login.expires_at, context.now)
    if command.fits and not login.decoy:
        return await _approve(tx, login, command, context)
    return await _miss(tx, login, command, context)


async def _approve(tx: Transaction, login: Login, command: TryMailCode, context: Context) -> Refusal | None:
    deadline = collection_deadline(context.now, login.expires_at)
    if not await logins.approve(tx, login.id, "mail_code", now=context.now, deadline=deadline):
        return refusal_of(State.PENDING, login.expires_at, context.now)
    await _record(tx, login, TRANSITIONS[Trigger.APPROVE].event, command, context, {"by": "mail_code"})
    await tx.notify(login.id)
    return None


async def _miss(tx: Transaction, login: Login, command: TryMailCode, context: Context) -> Refusal:
    misses = await logins.miss_mail_code(tx, login.id, now=context.now)
    await mailbox_keys.miss_mail_code(tx, login.mailbox)
    locked = misses >= MAX_TRIES
    name = EventName.LOGIN_LOCKED if locked else EventName.LOGIN_CODE_MISMATCH
    await _record(tx, login, name, command, context, {"by": "mail_code", "misses": misses})
    if not locked:
        return CodeMismatch(MAX_TRIES - misses)
    await tx.notify(login.id)
    return refusal_of(State.LOCKED, login.expires_at, context.now)


async def _record(
    tx: Transaction,
    login: Login,
    name: EventName,
    command: TryMailCode,
    context: Context,
    fields: "dict[str, str | int]",
) -> None:
    missed = name is not EventName.LOGIN_APPROVED
    event = AuditEvent(
        name=name,
        outcome="failure" if missed else "success",
        reason="wrong_code" if missed else None,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields=fields,
        personal={"source": command.source, "user_agent": command.user_agent},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
