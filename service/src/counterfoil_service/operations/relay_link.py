# SPDX-License-Identifier: Apache-2.0
"""Give an operator a link for a login that waits, once: whatever link it had before is dead."""

import msgspec

from counterfoil_service.core import identifiers, link, relaying
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import applications, audit, logins, relays, users
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_mail_code import hash_of_nothing
from counterfoil_service.operations.identify_person import why_refused
from counterfoil_service.operations.use_grant import UseGrant, use_grant
from counterfoil_service.operations.why_not_relayed import leads_a_colleague_in, why_not_relayed


class RelayLink(msgspec.Struct, frozen=True):
    """`reason` is for the log, in the operator's words."""

    login_id: str
    reason: str

    def __repr__(self) -> str:
        return f"RelayLink(login_id={self.login_id!r})"


class Relayed(msgspec.Struct, frozen=True):
    """`link` is kept by nobody; `expires_at` in microseconds UTC. `same_device_only`: it takes no code."""

    link: str
    address: str
    expires_at: int
    same_device_only: bool

    def __repr__(self) -> str:
        return f"Relayed(expires_at={self.expires_at})"


async def relay_link(tx: Transaction, command: RelayLink, context: Context) -> Relayed:
    """The link, or a Refusal that says why there is none. One conditional write decides among several operators.

    The mailbox has a user from now on, unverified until the link is used: an operator vouched for it.
    """
    reason = relaying.check_reason(command.reason)
    login = await logins.get(tx, command.login_id)
    if login is None:
        raise relaying.no_login(command.login_id)
    if await leads_a_colleague_in(tx, login, context):
        raise relaying.refusal_of_colleague()
    secret, digits = link.make(context.entropy), login.mail_code_hash
    given = await relays.relay(
        tx,
        login.id,
        link_hash=digest(secret),
        # The digits stood in the mail whose link dies.
        mail_code_hash=None if digits is None else hash_of_nothing(digits, context.entropy),
        now=context.now,
    )
    if not given:
        refusal = await why_not_relayed(tx, login.id, context)
        assert refusal is not None  # noqa: S101 - the write met the same conditions
        raise refusal
    granted_by = await use_grant(tx, UseGrant("relay", login.id), context)
    subject = await _subject(tx, login, context)
    fields: dict[str, str | int] = {"operator": context.actor}
    if granted_by is not None:
        fields["granted_by"] = granted_by
    event = AuditEvent(
        name=EventName.LINK_RELAYED,
        login_id=login.id,
        application_id=login.application_id,
        subject=subject,
        jkt=login.jkt,
        fields=fields,
        personal={"stated_reason": reason},
    )
    await audit.append(tx, context, event, mailbox=login.mailbox)
    await _end_mail(tx, login, context)
    application = await applications.get(tx, login.application_id)
    same_device_only = application is not None and application.same_device_only
    url = link.url(context.settings.public_url, secret)
    return Relayed(url, login.address, login.expires_at, same_device_only)


async def _subject(tx: Transaction, login: Login, context: Context) -> str:
    stored = await users.by_mailbox(tx, login.mailbox)
    if stored is None:
        user = User(identifiers.subject(context.entropy), login.mailbox, login.address, context.now)
        if await users.add(tx, user):
            event = AuditEvent(
                name=EventName.USER_CREATED,
                reason="link_relayed",
                login_id=login.id,
                application_id=login.application_id,
                subject=user.id,
                jkt=login.jkt,
            )
            await audit.append(tx, context, event, mailbox=login.mailbox)
            return user.id
        stored = await users.by_mailbox(tx, login.mailbox)
        assert stored is not None  # noqa: S101 - the insert met it
    if why_refused(stored, login) is not None:
        raise relaying.refusal_of_other_mailbox()
    return stored.id


async def _end_mail(tx: Transaction, login: Login, context: Context) -> None:
    """One that is being handed over in this instant may still arrive: its link is dead."""
    for attempts in await relays.end_mail(tx, login.id, now=context.now):
        event = AuditEvent(
            name=EventName.MAIL_FAILED,
            outcome="failure",
            reason="relayed",
            login_id=login.id,
            application_id=login.application_id,
            fields={"attempt": attempts},
        )
        await audit.append(tx, context, event)
