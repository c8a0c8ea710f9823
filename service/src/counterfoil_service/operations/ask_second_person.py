# SPDX-License-Identifier: Apache-2.0
"""An operator asks another to agree to what no one does alone here: relay a link, or erase a person."""

import msgspec

from counterfoil_service.core import identifiers, relaying
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.four_eyes import (
    DECIDE_WITHIN,
    Act,
    SecondPerson,
    asked_before,
    needs_nobody,
    target_of,
)
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.db import audit, four_eyes, logins, mailbox_pages, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.find_person import nobody
from counterfoil_service.operations.look_up_mailbox import mailbox_named
from counterfoil_service.operations.why_not_relayed import why_not_relayed


class AskSecondPerson(msgspec.Struct, frozen=True):
    """`about`: a login's id, or whoever is to be erased, as the console's URLs name them; `reason` is for the other."""

    act: Act
    about: str
    reason: str

    def __repr__(self) -> str:
        return f"AskSecondPerson(act={self.act!r})"


class _About(msgspec.Struct, frozen=True):
    target: str
    mailbox: bytes
    expires_at: int
    login_id: str | None = None
    application_id: str | None = None
    subject: str | None = None


async def ask_second_person(tx: Transaction, command: AskSecondPerson, context: Context) -> SecondPerson:
    """The request; a Refusal where it takes nobody, there is nothing to grant, or the same operator asked before."""
    reason = relaying.check_reason(command.reason)
    if command.act not in context.settings.four_eyes:
        raise needs_nobody()
    about = await (_relay if command.act == "relay" else _erasure)(tx, command.about, context)
    await tx.lock(keyed(context.keys.lock, b"four_eyes", command.act.encode(), about.target.encode()))
    if await four_eyes.is_open(tx, command.act, about.target, by=context.actor, now=context.now):
        raise asked_before()
    request = SecondPerson(
        id=identifiers.ulid(context.now, context.entropy),
        act=command.act,
        target=about.target,
        reason=reason,
        requested_by=context.actor,
        requested_at=context.now,
        expires_at=about.expires_at,
    )
    await four_eyes.add_request(tx, request)
    event = AuditEvent(
        name=EventName.FOUR_EYES_REQUESTED,
        login_id=about.login_id,
        application_id=about.application_id,
        subject=about.subject,
        fields={"operator": context.actor, "act": command.act, "request": request.id},
        personal={"stated_reason": reason},
    )
    await audit.append(tx, context, event, mailbox=about.mailbox)
    return request


async def _relay(tx: Transaction, login_id: str, context: Context) -> _About:
    refusal = await why_not_relayed(tx, login_id, context)
    if refusal is not None:
        raise refusal
    login = await logins.get(tx, login_id)
    assert login is not None  # noqa: S101 - it was read in this transaction
    return _About(login.id, login.mailbox, login.expires_at, login.id, login.application_id)


async def _erasure(tx: Transaction, name: str, context: Context) -> _About:
    mailbox = await mailbox_named(tx, name)
    if mailbox is None:
        raise nobody()
    user = await users.by_mailbox(tx, mailbox)
    if user is None and await mailbox_pages.kept_mailbox(tx, mailbox) is None:
        raise nobody()
    subject = None if user is None else user.id
    return _About(target_of(mailbox, subject), mailbox, context.now + DECIDE_WITHIN, subject=subject)
