# SPDX-License-Identifier: Apache-2.0
"""The device trades an approved login, with proof of its key, for a session: once (T9), or again if lost (T16)."""

import msgspec

from counterfoil_service.core import identifiers
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.grant import Grant, amr_of, refresh_token
from counterfoil_service.core.login import LOST_ANSWER_WINDOW, State, Trigger, current_state
from counterfoil_service.core.polling import refusal_of
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, logins, proofs, sessions, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User


class CollectLogin(msgspec.Struct, frozen=True):
    """Key, application and fingerprint were compared with the login before; the state is decided here."""

    login_id: str
    proof: Proof | None
    confidential: bool


async def collect_login(tx: Transaction, command: CollectLogin, context: Context) -> Grant | None:
    """The grant; None when the person may not have it after all, and the login is denied with it. Else a Refusal."""
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    login = await logins.get(tx, command.login_id, locked=True)
    if login is None:
        raise refusal_of(State.CANCELLED, 0, context.now)
    state = current_state(login.state, login.expires_at, context.now)
    if state is State.APPROVED:
        return await _collect(tx, login, command, context)
    if state is State.CONSUMED:
        return await _collect_again(tx, login, command, context)
    raise refusal_of(state, login.expires_at, context.now)


async def _collect(tx: Transaction, login: logins.Login, command: CollectLogin, context: Context) -> Grant | None:
    user = await _user(tx, login, context)
    reason = _why_denied(user, login)
    if reason is not None:
        await logins.end(tx, login.id, Trigger.DENY, now=context.now)
        denied = _event(EventName.LOGIN_DENIED, login, user.id, reason=reason)
        await audit.append(tx, context, denied, mailbox=login.mailbox)
        return None
    session = Session(
        id=identifiers.ulid(context.now, context.entropy),
        user_id=user.id,
        application_id=login.application_id,
        login_id=login.id,
        jkt=login.jkt,
        scope=login.scope,
        audience=login.audience,
        amr=" ".join(amr_of(key_bound=login.jkt is not None, user_code_typed=True)),
        auth_time=login.approved_at or context.now,
        created_at=context.now,
    )
    if not await logins.consume(tx, login.id, now=context.now, session_id=session.id):
        raise refusal_of(State.CONSUMED, login.expires_at, context.now)
    await sessions.add(tx, session)
    await _verify(tx, user, login, context)
    for name in (EventName.LOGIN_COMPLETED, EventName.SESSION_CREATED):
        await audit.append(tx, context, _event(name, login, user.id, session.id), mailbox=login.mailbox)
    return await _grant(tx, session, command, context)


async def _collect_again(tx: Transaction, login: logins.Login, command: CollectLogin, context: Context) -> Grant:
    session = await sessions.get(tx, login.session_id or "")
    if (
        login.jkt is None
        or session is None
        or session.ended_at is not None
        or context.now >= (login.completed_at or 0) + LOST_ANSWER_WINDOW
        or await sessions.refresh_token_was_used(tx, session.id)
    ):
        raise refusal_of(State.CONSUMED, login.expires_at, context.now)
    await sessions.replace_refresh_token(tx, session.id)
    again = _event(EventName.LOGIN_REISSUED, login, session.user_id, session.id)
    await audit.append(tx, context, again, mailbox=login.mailbox)
    return await _grant(tx, session, command, context)


def _why_denied(user: User, login: logins.Login) -> str | None:
    """The link may have gone to a look-alike address, asked for before the mailbox had a user: that proves nothing."""
    if user.disabled_at is not None:
        return "user_disabled"
    return "other_mailbox" if user.address != login.address else None


async def _user(tx: Transaction, login: logins.Login, context: Context) -> User:
    """The mailbox's user, made at its first completed login."""
    user = User(identifiers.subject(context.entropy), login.mailbox, login.address, context.now)
    if await users.add(tx, user):
        created = _event(EventName.USER_CREATED, login, user.id)
        await audit.append(tx, context, created, mailbox=login.mailbox)
        return user
    stored = await users.by_mailbox(tx, login.mailbox)
    assert stored is not None  # noqa: S101 - the insert met it
    return stored


async def _verify(tx: Transaction, user: User, login: logins.Login, context: Context) -> None:
    if await users.verify(tx, user.id, address=user.address, now=context.now):
        verified = _event(EventName.USER_VERIFIED, login, user.id)
        await audit.append(tx, context, verified, mailbox=login.mailbox)


async def _grant(tx: Transaction, session: Session, command: CollectLogin, context: Context) -> Grant:
    token = None
    if session.jkt is not None or command.confidential:
        token = refresh_token(session.id, context.entropy)
        await sessions.add_refresh_token(tx, session_id=session.id, token_hash=digest(token), now=context.now)
    return Grant(
        subject=session.user_id,
        session_id=session.id,
        application_id=session.application_id,
        audience=session.audience,
        scope=session.scope,
        amr=tuple(session.amr.split()),
        auth_time=session.auth_time,
        issued_at=context.now,
        token_id=identifiers.subject(context.entropy),
        jkt=session.jkt,
        refresh_token=token,
    )


def _event(
    name: EventName, login: logins.Login, subject: str, session_id: str | None = None, reason: str | None = None
) -> AuditEvent:
    return AuditEvent(
        name=name,
        reason=reason,
        login_id=login.id,
        application_id=login.application_id,
        session_id=session_id,
        subject=subject,
        jkt=login.jkt,
    )
