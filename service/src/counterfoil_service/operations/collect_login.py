# SPDX-License-Identifier: Apache-2.0
"""The device trades an approved login, with proof of its key, for a session: once (T9), or again if lost (T16)."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.login import LOST_ANSWER_WINDOW, State, Trigger, current_state
from counterfoil_service.core.polling import DenialReason, refusal_of, too_fast
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db import audit, logins, proofs, refresh_tokens, sessions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.operations.complete_login import CompleteLogin, complete_login
from counterfoil_service.operations.grant_first_tokens import grant_first_tokens


class CollectLogin(msgspec.Struct, frozen=True):
    """Key, application and fingerprint were compared with the login before; the state is decided here.

    `held` says that the poll began while the login was pending. It can have lost no answer itself: what consumed the
    login meanwhile has its own, and a second pair of tokens would kill the first. Where that was another poll of the
    same device, whose connection may be dead, it is told to come again instead of to give up.
    """

    login_id: str
    proof: Proof | None
    application: Application
    held: bool = False


async def collect_login(tx: Transaction, command: CollectLogin, context: Context) -> Grant | DenialReason:
    """The grant, or why the person may not have it after all: the login is denied with it. Else a Refusal."""
    spending = [proofs.spending(command.proof, now=context.now)] if command.proof else []
    held, *spent = await tx.gather(logins.holding(command.login_id), *spending)
    if spent:
        proofs.check_spent(spent[0])
    login = logins.login_of(held)
    if login is None:
        raise refusal_of(State.CANCELLED, 0, context.now)
    state = current_state(login.state, login.expires_at, context.now)
    if state is State.APPROVED:
        completion = CompleteLogin(login, command.application, Trigger.COLLECT, login.approved_at or context.now)
        session = await complete_login(tx, completion, context)
        if not isinstance(session, Session):
            return session
        return await grant_first_tokens(tx, session, command.application, context)
    if state is State.CONSUMED:
        if not command.held:
            return await _collect_again(tx, login, command, context)
        if login.approved_at is not None:
            raise too_fast()
    raise refusal_of(state, login.expires_at, context.now)


async def _collect_again(tx: Transaction, login: logins.Login, command: CollectLogin, context: Context) -> Grant:
    session = await sessions.get(tx, login.session_id or "", locked=True)
    if (
        login.jkt is None
        or session is None
        or session.ended_at is not None
        or context.now >= (login.completed_at or 0) + LOST_ANSWER_WINDOW
        or await refresh_tokens.any_used(tx, session.id)
    ):
        raise refusal_of(State.CONSUMED, login.expires_at, context.now)
    await refresh_tokens.replace_current(tx, session.id)
    event = AuditEvent(
        name=EventName.LOGIN_REISSUED,
        login_id=login.id,
        application_id=login.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=login.jkt,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    return await grant_first_tokens(tx, session, command.application, context)
