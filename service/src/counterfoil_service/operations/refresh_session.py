# SPDX-License-Identifier: Apache-2.0
"""A device renews its tokens: the refresh token rotates; one that comes after its successor was used is theft [R82]."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import AlertDue
from counterfoil_service.core.evidence import Band, Evidence
from counterfoil_service.core.grant import Grant, narrowed_scope, next_refresh_token, refused_refresh, session_of
from counterfoil_service.core.session import ended_by
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest, keyed
from counterfoil_service.db import audit, proofs, refresh_tokens, sessions, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User
from counterfoil_service.operations.grant_tokens import grant_tokens
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions
from counterfoil_service.operations.record_stolen_token import Stolen, record_stolen_token
from counterfoil_service.operations.weigh_device import follow_device, refuse_other_machine, weigh_device


class RefreshSession(msgspec.Struct, frozen=True):
    """The application is authenticated and the proof, if there is one, verified. `scope` None: all of the session's.

    `charged`: an alert for another key may be written.
    """

    token: str
    application: Application
    proof: Proof | None
    evidence: Evidence | None
    scope: str | None
    source: str
    user_agent: str
    charged: bool = False

    def __repr__(self) -> str:
        return f"RefreshSession(application={self.application.id!r})"


async def refresh_session(tx: Transaction, command: RefreshSession, context: Context) -> Grant | None:
    """The grant, or None where the refusal has an effect that must stay written; else a Refusal.

    AlertDue for another key, while the caller was not charged for the alert.
    """
    session, user, state = await _presented(tx, command, context)
    if session.application_id != command.application.id or session.ended_at is not None or state is None:
        raise refused_refresh()  # a session's id is no secret: who made the rest up must neither end it nor ring alarms
    if (command.proof.jkt if command.proof else None) != session.jkt:
        if not command.charged:
            raise AlertDue
        await record_stolen_token(tx, Stolen(session, "token", command.source, command.user_agent), context)
        return None
    ended = _why_ended(session, user, context)
    if ended is not None:
        await _end(tx, session, ended, context)
        return None
    if state == "replaced":
        raise refused_refresh()
    weighed = await weigh_device(tx, session, command.application, command.evidence)
    if weighed is not None and weighed.comparison.band is Band.FRESH:
        await refuse_other_machine(tx, weighed, session, context)
        await _end(tx, session, "fingerprint_mismatch", context)
        return None
    grant = await _rotate(tx, session, command, context)
    if grant is not None and weighed is not None:
        await follow_device(tx, weighed, session, context)
    return grant


async def _presented(tx: Transaction, command: RefreshSession, context: Context) -> tuple[Session, User, str | None]:
    """Of what the token names: the session, whose it is, and how the token stands; its proof is spent with it."""
    session_id, token_hash = session_of(command.token) or "", digest(command.token)
    spending = [proofs.spending(command.proof, now=context.now)] if command.proof else []
    named, states, *spent = await tx.gather(
        sessions.asking_with_user(session_id),
        refresh_tokens.asking_state(session_id=session_id, token_hash=token_hash),
        *spending,
    )
    if spent:
        proofs.check_spent(spent[0])
    found = sessions.found_with_user(named)
    if found is None:
        raise refused_refresh()
    return *found, refresh_tokens.found_state(states)


def _why_ended(session: Session, user: User, context: Context) -> str | None:
    if user.disabled_at is not None:
        return "user_disabled"
    return ended_by(
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        limits=context.settings.session_limits,
        now=context.now,
    )


async def _rotate(tx: Transaction, session: Session, command: RefreshSession, context: Context) -> Grant | None:
    """One conditional write decides: who spends the token makes its successor.

    Noting the use comes first: it waits for whoever changes this session at the moment, and meets its end.
    """
    if not await sessions.touch(tx, session.id, now=context.now):
        raise refused_refresh()
    successor = next_refresh_token(session.id, keyed(context.keys.refresh, command.token.encode()))
    first = await refresh_tokens.spend(tx, session_id=session.id, token_hash=digest(command.token))
    if not first and await _was_replaced(tx, session, command.token):
        raise refused_refresh()
    if not first and not await _is_retry(tx, session, successor):
        await _record_reuse(tx, session, command, context)
        await _end(tx, session, "reuse_detected", context)
        return None
    narrowed = msgspec.structs.replace(session, scope=narrowed_scope(session.scope, command.scope))
    await audit.append(tx, context, _event(EventName.SESSION_REFRESHED, session, None if first else "lost_answer"))
    return await grant_tokens(tx, narrowed, successor, context)


async def _is_retry(tx: Transaction, session: Session, successor: str) -> bool:
    """The answer may have been lost as long as nobody used what it held; without a key nobody can tell [R83]."""
    if session.jkt is None:
        return False
    return await refresh_tokens.state_of(tx, session_id=session.id, token_hash=digest(successor)) == "current"


async def _was_replaced(tx: Transaction, session: Session, token: str) -> bool:
    """A poll that was repeated after a lost answer may have replaced it since it was looked at."""
    return await refresh_tokens.state_of(tx, session_id=session.id, token_hash=digest(token)) == "replaced"


async def _end(tx: Transaction, session: Session, reason: str, context: Context) -> None:
    ended = await sessions.end(tx, session.id, now=context.now)
    if ended is not None:
        await record_ended_sessions(tx, [ended], context, reason=reason)


async def _record_reuse(tx: Transaction, session: Session, command: RefreshSession, context: Context) -> None:
    """An alert with the caller in it: of the two who hold this token, one is a thief."""
    event = msgspec.structs.replace(
        _event(EventName.SESSION_REUSE_DETECTED, session, "refresh_token"),
        outcome="failure",
        personal={"source": command.source, "user_agent": command.user_agent},
    )
    user = await users.get(tx, session.user_id)
    await audit.append(tx, context, event, mailbox=user.mailbox if user else None)


def _event(name: EventName, session: Session, reason: str | None) -> AuditEvent:
    return AuditEvent(
        name=name,
        reason=reason,
        login_id=session.login_id,
        application_id=session.application_id,
        session_id=session.id,
        subject=session.user_id,
        jkt=session.jkt,
    )
