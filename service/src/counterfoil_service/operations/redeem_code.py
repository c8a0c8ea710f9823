# SPDX-License-Identifier: Apache-2.0
"""The application trades the code that a browser carried home for a session: once (RFC 6749 §4.1.3, T8).

What is refused is answered by a Refusal that is returned and not raised, so that the alert written with it stays.
"""

import msgspec

from counterfoil_service.core import identifiers, pkce
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import AlertDue
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.core.grant import Grant, amr_of
from counterfoil_service.core.login import State, Trigger, current_state
from counterfoil_service.core.polling import AccessDenied, invalid_grant, needs_fingerprint
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, authorization_codes, devices, logins, proofs, sessions, users
from counterfoil_service.db.authorization_codes import AuthorizationCode
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_device import Admission, admit_device
from counterfoil_service.operations.begin_session import BeginSession, begin_session
from counterfoil_service.operations.bound_to import other_machine
from counterfoil_service.operations.complete_login import CompleteLogin, complete_login
from counterfoil_service.operations.grant_first_tokens import grant_first_tokens
from counterfoil_service.operations.record_ended_sessions import record_ended_sessions

_NEEDS_KEY = "DPoP: this code was made for a key; send exactly one proof (RFC 9449, 4.3)"


class RedeemCode(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption by an authenticated application; the shape of the verifier and the proof were checked.

    `charged`: an alert for a code in the wrong hands may be written.
    """

    application: Application
    code: str
    redirect_uri: str
    verifier: str
    proof: Proof | None
    evidence: Evidence | None
    source: str
    user_agent: str
    charged: bool = False

    def __repr__(self) -> str:
        return f"RedeemCode(application={self.application.id!r})"


async def redeem_code(tx: Transaction, command: RedeemCode, context: Context) -> Grant | Refusal:
    """The grant. Whoever is refused for what he is or brings has used nothing up [R50, R61].

    AlertDue for wrong hands, while the caller was not charged for the alert.
    """
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    code = await authorization_codes.get(tx, digest(command.code))
    if code is None or code.application_id != command.application.id:
        raise invalid_grant()
    # The login first, as everybody does who writes to both; then the code as it stands once nobody else holds it.
    login = await logins.get(tx, code.login_id, locked=True)
    code = await authorization_codes.get_locked(tx, code.code_hash)
    if login is None or code is None:
        raise invalid_grant()
    alert = _mismatch(command, code, login)
    if alert is not None:
        if not command.charged:
            raise AlertDue
        await _record(tx, alert, code, login, context, {"source": command.source, "user_agent": command.user_agent})
        return invalid_grant()
    if code.used_at is not None:
        await _end_reused(tx, command, code, login, context)
        return invalid_grant()
    if context.now >= code.expires_at:
        raise invalid_grant()
    session = await _session(tx, command, code, login, context)
    if isinstance(session, Refusal):
        return session
    if not await authorization_codes.use(tx, code.code_hash, session_id=session.id, now=context.now):
        raise invalid_grant()
    await tx.notify(login.id)
    return await grant_first_tokens(tx, session, command.application, context)


def _mismatch(command: RedeemCode, code: AuthorizationCode, login: Login) -> AuditEvent | None:
    """The alert for a code in the wrong hands, the key before all else."""
    if code.jkt is not None:
        if command.proof is None:
            raise Refusal(ErrorCode.INVALID_DPOP_PROOF, _NEEDS_KEY)
        if command.proof.jkt != code.jkt:
            return AuditEvent(name=EventName.LOGIN_KEY_MISMATCH, reason="other_key")
    if command.redirect_uri != code.redirect_uri:
        return AuditEvent(name=EventName.LOGIN_CODE_REFUSED, reason="other_redirect")
    if not pkce.fits(command.verifier, code.code_challenge):
        return AuditEvent(name=EventName.LOGIN_CODE_REFUSED, reason="other_verifier")
    other = other_machine(login, command.evidence)
    return None if other is None else AuditEvent(name=other.event, reason=other.reason, fields=other.fields)


async def _end_reused(
    tx: Transaction, command: RedeemCode, code: AuthorizationCode, login: Login, context: Context
) -> None:
    """The right caller redeems a second time: of two who know everything one is a thief, so nobody keeps it [R55]."""
    ended = await sessions.end(tx, code.session_id or "", now=context.now)
    if ended is None:
        return
    event = AuditEvent(name=EventName.SESSION_REUSE_DETECTED, reason="code", session_id=ended.id, subject=ended.user_id)
    await _record(tx, event, code, login, context, {"source": command.source, "user_agent": command.user_agent})
    await record_ended_sessions(tx, [ended], context, reason="reuse_detected", mailbox=login.mailbox)


async def _session(
    tx: Transaction, command: RedeemCode, code: AuthorizationCode, login: Login, context: Context
) -> Session | Refusal:
    if code.user_id is not None:
        return await _session_of(tx, command, code, login, context)
    if current_state(login.state, login.expires_at, context.now) is not State.PENDING:
        raise invalid_grant()
    completion = CompleteLogin(login, command.application, Trigger.REDEEM, code.auth_time)
    made = await complete_login(tx, completion, context)
    return made if isinstance(made, Session) else AccessDenied(made)


async def _session_of(
    tx: Transaction, command: RedeemCode, code: AuthorizationCode, login: Login, context: Context
) -> Session | Refusal:
    """For somebody who has signed in at our own pages already: that login is over, and stays as it is."""
    user = await users.get(tx, code.user_id or "")
    # Who ends a browser's session ends what it has under way: the row is held until this one is there to be ended too.
    own = await sessions.get(tx, login.session_id or "", locked=True)
    lives = own is not None and own.lives(context.settings.session_limits, context.now)
    if user is None or user.disabled_at is not None or not lives:
        raise invalid_grant()
    jkt = command.proof.jkt if command.proof else None
    if jkt and command.evidence is None and command.application.fingerprint == "required":
        raise needs_fingerprint()
    fingerprint = command.evidence.encode() if command.evidence else None
    device = msgspec.structs.replace(login, jkt=jkt, fingerprint=fingerprint)
    admission = await _admission(tx, command.application, user, code, device, context)
    if admission.refused:
        return AccessDenied("new_device")
    beginning = BeginSession(
        session_id=identifiers.ulid(context.now, context.entropy),
        login_id=login.id,
        application=command.application,
        user=user,
        admission=admission,
        jkt=jkt,
        scope=code.scope,
        audience=code.audience,
        amr=amr_of(key_bound=jkt is not None, user_code_typed="mca" in code.amr.split()),
        auth_time=code.auth_time,
    )
    return await begin_session(tx, beginning, context)


async def _admission(
    tx: Transaction, application: Application, user: User, code: AuthorizationCode, login: Login, context: Context
) -> Admission:
    """The device is the one that proves a key; without a key it is the browser, which was admitted at our pages."""
    if login.jkt is not None:
        return await admit_device(tx, application, user, login, context)
    browser = None if code.device_id is None else await devices.get(tx, code.device_id)
    return Admission(browser, new=False, refused=False)


async def _record(
    tx: Transaction,
    event: AuditEvent,
    code: AuthorizationCode,
    login: Login,
    context: Context,
    personal: dict[str, str],
) -> None:
    whole = msgspec.structs.replace(
        event,
        outcome="failure",
        login_id=code.login_id,
        application_id=code.application_id,
        jkt=code.jkt,
        fields={"at": "redeem", **event.fields},
        personal=personal,
    )
    await audit.append(tx, context, whole, mailbox=login.mailbox)
