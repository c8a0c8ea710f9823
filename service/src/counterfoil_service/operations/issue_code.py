# SPDX-License-Identifier: Apache-2.0
"""The person says "I am on the computer where I started": a code for that browser to carry home (T7) [R49, R50].

The login stays pending. Whoever polls learns nothing by it, and a robot that presses the button burns nothing.
"""

from enum import Enum

import msgspec

from counterfoil_service.core import link, redirects
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import CODE_LIFETIME, TRANSITIONS, State, Trigger, current_state
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import audit, authorization_codes, logins
from counterfoil_service.db.authorization_codes import AuthorizationCode
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.opener import Opener, facts_of


class IssueCode(msgspec.Struct, frozen=True):
    """The link secret, and who holds it."""

    secret: str
    opener: Opener

    def __repr__(self) -> str:
        return "IssueCode(***)"


class CodeIssued(msgspec.Struct, frozen=True):
    """`target` is where the browser goes, with the code in it; `redirect_uri` is the same place without."""

    redirect_uri: str
    target: str

    def __repr__(self) -> str:
        return "CodeIssued(***)"


class NoCode(Enum):
    """Why there is none."""

    DEAD = "dead"
    NO_WAY_HOME = "no_way_home"
    USED_UP = "used_up"


async def issue_code(tx: Transaction, command: IssueCode, context: Context) -> CodeIssued | NoCode:
    """The way home, at most three times for one login."""
    login = await logins.by_link(tx, digest(command.secret))
    if login is None:
        return NoCode.DEAD
    if current_state(login.state, login.expires_at, context.now) is not State.PENDING:
        return await _illegal(tx, login, command.opener, context)
    if login.redirect_uri is None or login.code_challenge is None or not may_return(login):
        return NoCode.NO_WAY_HOME
    if not await logins.issue_code(tx, login.id, now=context.now):
        return await _illegal(tx, login, command.opener, context)
    code = link.make(context.entropy)
    await authorization_codes.add(
        tx,
        AuthorizationCode(
            code_hash=digest(code),
            login_id=login.id,
            application_id=login.application_id,
            user_id=None,
            device_id=None,
            redirect_uri=login.redirect_uri,
            code_challenge=login.code_challenge,
            jkt=login.jkt,
            scope=login.scope,
            audience=login.audience,
            amr="",
            auth_time=context.now,
            expires_at=min(context.now + CODE_LIFETIME, login.expires_at),
        ),
    )
    await _record(tx, login, TRANSITIONS[Trigger.ISSUE_CODE].event, command.opener, context)
    issuer = context.settings.public_url
    target = redirects.respond(login.redirect_uri, code=code, state=login.redirect_state, iss=issuer)
    return CodeIssued(login.redirect_uri, target)


def may_return(login: Login) -> bool:
    """Whether a device with a key asked, and waits for a browser to come home; a browser's own login has no need."""
    return login.redirect_uri is not None and login.jkt is not None and login.browser is None


async def _illegal(tx: Transaction, login: Login, opener: Opener, context: Context) -> NoCode:
    """The row is read again: a race or the clock decided after it was read first."""
    fresh = await logins.get(tx, login.id) or login
    state = current_state(fresh.state, fresh.expires_at, context.now)
    if state is State.PENDING and not fresh.decoy:
        return NoCode.USED_UP
    fields: dict[str, str | int] = {"trigger": Trigger.ISSUE_CODE.value, "state": state.value}
    await _record(tx, login, EventName.LOGIN_ILLEGAL_TRANSITION, opener, context, fields)
    return NoCode.DEAD


async def _record(
    tx: Transaction,
    login: Login,
    name: EventName,
    opener: Opener,
    context: Context,
    fields: "dict[str, str | int] | None" = None,
) -> None:
    event = AuditEvent(
        name=name,
        outcome="success" if fields is None else "failure",
        reason=None if fields is None else "dead_link",
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields=(fields or {}) | await facts_of(tx, opener, login, context),
        personal=opener.personal,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
