# SPDX-License-Identifier: Apache-2.0
"""The person said yes on the link page, by typing a code: approve, count a miss, or lock [R20-R24].

In the very browser that asked no code is needed: its cookie shows that nobody carries the login anywhere else.
"""

import hmac
from enum import Enum

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.login import TRANSITIONS, State, Trigger, collection_deadline, current_state, miss_trigger
from counterfoil_service.crypto.keys import digest, keyed
from counterfoil_service.db import applications, audit, logins
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.opener import Opener, facts_of


class ApproveLogin(msgspec.Struct, frozen=True):
    """`code` is six letters of the alphabet, normalised; anything less never counts as a try.

    `browser` is the SHA-256 of the opening browser's cookie.
    """

    secret: str
    code: str
    opener: Opener
    browser: bytes | None = None

    def __repr__(self) -> str:
        return "ApproveLogin(***)"


class Approval(Enum):
    """What came of it."""

    APPROVED = "approved"
    MISSED = "missed"
    LOCKED = "locked"
    REFUSED = "refused"
    """What was typed is not looked at: the application signs in on the same device only."""
    DEAD = "dead"


async def approve_login(tx: Transaction, command: ApproveLogin, context: Context) -> Approval:
    """One conditional write decides: of parallel winners exactly one is APPROVED, the rest find the link DEAD [R40]."""
    link_hash = digest(command.secret)
    linked, registered = await tx.gather(logins.asking_by_link(link_hash), applications.asking_by_link(link_hash))
    login = logins.login_of(linked)
    if login is None:
        return Approval.DEAD
    if is_same_browser(login, command.browser):
        return await _approve(tx, login, "same_browser", command.opener, context)
    application = applications.found(login.application_id, registered)
    waits = current_state(login.state, login.expires_at, context.now) is State.PENDING
    if application is not None and application.same_device_only and waits:
        name, reason = EventName.LOGIN_APPROVAL_REFUSED, "same_device_only"
        await _record(tx, login, name, command.opener, context, {}, reason=reason)
        return Approval.REFUSED
    typed = keyed(context.keys.user_code, login.id.encode(), command.code.encode())
    if hmac.compare_digest(typed, login.user_code_hash):
        return await _approve(tx, login, "user_code", command.opener, context)
    return await _miss(tx, login, command.opener, context)


def is_same_browser(login: logins.Login, browser: bytes | None) -> bool:
    """Whether a browser asked for this login, and it is this one."""
    return login.browser is not None and browser is not None and hmac.compare_digest(login.browser, browser)


async def _approve(
    tx: Transaction, login: logins.Login, by: logins.ApprovedBy, opener: Opener, context: Context
) -> Approval:
    deadline = collection_deadline(context.now, login.expires_at)
    if not await logins.approve(tx, login.id, by, now=context.now, deadline=deadline):
        return await _illegal(tx, login, Trigger.APPROVE, opener, context)
    await _record(tx, login, TRANSITIONS[Trigger.APPROVE].event, opener, context, {"by": by})
    await tx.notify(login.id)
    return Approval.APPROVED


async def _miss(tx: Transaction, login: logins.Login, opener: Opener, context: Context) -> Approval:
    misses = await logins.miss(tx, login.id, now=context.now)
    if misses is None:
        return await _illegal(tx, login, Trigger.MISS, opener, context)
    trigger = miss_trigger(misses)
    await _record(tx, login, TRANSITIONS[trigger].event, opener, context, {"misses": misses}, reason="wrong_code")
    if trigger is Trigger.MISS:
        return Approval.MISSED
    await tx.notify(login.id)
    return Approval.LOCKED


async def _illegal(
    tx: Transaction, login: logins.Login, trigger: Trigger, opener: Opener, context: Context
) -> Approval:
    """The row is read again: a race or the clock decided after it was read first."""
    fresh = await logins.get(tx, login.id) or login
    state = current_state(fresh.state, fresh.expires_at, context.now)
    fields: dict[str, str | int] = {"trigger": trigger.value, "state": state.value}
    await _record(tx, login, EventName.LOGIN_ILLEGAL_TRANSITION, opener, context, fields, reason="dead_link")
    return Approval.DEAD


async def _record(  # noqa: PLR0913, PLR0917 - one event, spelt out once
    tx: Transaction,
    login: logins.Login,
    name: EventName,
    opener: Opener,
    context: Context,
    fields: "dict[str, str | int]",
    reason: str | None = None,
) -> None:
    event = AuditEvent(
        name=name,
        outcome="success" if reason is None else "failure",
        reason=reason,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields=fields | await facts_of(tx, opener, login, context),
        personal=opener.personal,
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
