# SPDX-License-Identifier: Apache-2.0
"""Ask for a link: a login, its outbox row and its events, or a refusal that changes nothing."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from counterfoil_service.core import identifiers, link, user_code
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import Quota
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.crypto.keys import digest, keyed, seal
from counterfoil_service.db import (
    applications,
    audit,
    devices,
    logins,
    mailbox_keys,
    mailings,
    outbox,
    proofs,
    suppressions,
    users,
)
from counterfoil_service.db.engine import Context, Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_mail_code import admit_mail_code
from counterfoil_service.operations.asking_browser import browser_user_code
from counterfoil_service.operations.check_budgets import (
    Asker,
    check_budgets,
    is_over_budget,
    measuring,
    quota_of,
)
from counterfoil_service.operations.link_request import StartLogin, granted
from counterfoil_service.operations.opener import place_facts

POLL_INTERVAL = 5
"""Seconds between polls, RFC 8628 §3.2."""

_MAILBOX_BYTES = 32
DecoyReason = Literal["user_disabled", "not_invited", "suppressed", "over_budget"]


class LoginStarted(msgspec.Struct, frozen=True):
    """What the device is told; the link secret is not among it [R6].

    `known`: it has signed in to this mailbox before, and keeps within budgets of its own. `quota` is what its network
    has left.
    """

    login_id: str
    device_code: str
    user_code: str
    expires_in: int
    interval: int
    known: bool
    quota: Quota

    def __repr__(self) -> str:
        return f"LoginStarted(login_id={self.login_id!r})"


async def start_login(tx: Transaction, command: StartLogin, context: Context) -> LoginStarted:
    """A login that waits for its link. Nobody can tell by the answer whether a mail goes out [R92]."""
    asker = command.asker(context.keys)
    mailbox = asker.mailbox
    admitted = await _admit(tx, command, asker, context)
    application, user, decoy = admitted.application, admitted.user, admitted.decoy
    login_id = identifiers.ulid(context.now, context.entropy)
    device_code, link_secret = link.make(context.entropy), link.make(context.entropy)
    code = _user_code(command, login_id, context)
    digits, code_hash = await admit_mail_code(tx, command.mail_code, mailbox, context)
    login = logins.Login(
        id=login_id,
        application_id=application.id,
        state=State.PENDING,
        decoy=int(decoy is not None),
        device_code_hash=digest(device_code),
        link_hash=digest(link_secret),
        user_code_hash=keyed(context.keys.user_code, login_id.encode(), code.encode()),
        misses=0,
        mailbox=mailbox,
        address=user.address if user else command.address.mailing,
        jkt=asker.jkt,
        device_label=command.device_label,
        fingerprint=command.evidence.encode() if command.evidence and application.fingerprint != "off" else None,
        scope=admitted.scope,
        audience=admitted.audience,
        source_range=asker.source_range,
        poll_interval=POLL_INTERVAL,
        created_at=context.now,
        expires_at=context.now + context.settings.link_ttl * SECOND,
        country=command.place.country,
        place=command.place.words,
        mail_code_hash=code_hash,
        known_device=1 if admitted.known else None,
        language=command.language,
        **_way_back(command),
    )
    await logins.add(tx, login)
    await mailings.add(tx, mailbox=_counted_as(asker, admitted, context), now=context.now)
    await _queue_mail(tx, login, f"{link_secret} {digits}" if digits else link_secret, decoy, context)
    await _record(tx, login, command, decoy, context)
    shown, seconds = user_code.display(code), context.settings.link_ttl
    return LoginStarted(login_id, device_code, shown, seconds, POLL_INTERVAL, admitted.known, admitted.quota)


class _Admitted(NamedTuple):
    """Who asks for what, and why no mail may go out, if so."""

    application: Application
    scope: str
    audience: str
    user: User | None
    decoy: DecoyReason | None
    known: bool
    quota: Quota


async def _admit(tx: Transaction, command: StartLogin, asker: Asker, context: Context) -> _Admitted:
    """All that is asked of the database before anything is made, at once; a Refusal undoes it."""
    mailbox = asker.mailbox
    await tx.lock(*(keyed(context.keys.lock, *name) for name in _names(command, mailbox)))
    registered, usage_rows, met, person, key, suppressed, *of_device = await tx.gather(
        applications.asking(command.application_id),
        measuring(asker, context),
        devices.asking(mailbox, command.device_home, asker.key_id or ""),
        users.asking(mailbox),
        mailbox_keys.ensuring(mailbox, context),
        suppressions.asking_suppressed(mailbox),
        *_of_device(command, context),
    )
    application, scope, audience = granted(command, registered, context.settings.public_url)
    if command.proof is not None:
        proofs.check_spent(of_device[1])
    known, user = _is_known(met), users.found(person)
    usage = check_budgets(usage_rows, context, known=known, crowded=command.crowded)
    mailbox_keys.learn(tx, context, mailbox, key)
    if of_device:
        await _record_superseded(tx, logins.ended(of_device[0]), context)
    over = is_over_budget(usage, context.settings.budgets, known=known)
    quota = quota_of(usage, context.settings.budgets, context.now, known=known and not over)
    decoy = _decoy_reason(user, suppressed, over=over, context=context)
    return _Admitted(application, scope, audience, user, decoy, known and not over, quota)


def _is_known(rows: Sequence[Row]) -> bool:
    device = devices.device_of(rows)
    return device is not None and device.state == "known"


def _counted_as(asker: Asker, admitted: _Admitted, context: Context) -> bytes:
    """Whose budget the mail counts against: a decoy's, nobody's."""
    nobody = context.entropy(_MAILBOX_BYTES)
    if admitted.decoy is not None:
        return nobody
    return asker.device if admitted.known else asker.mailbox


async def check_start(tx: ReadTransaction, command: StartLogin, context: Context) -> None:
    """Refuse what `start_login` would refuse, before anything dear is made for it; nothing is counted."""
    asker = command.asker(context.keys)
    registered, usage_rows, met = await tx.gather(
        applications.asking(command.application_id),
        measuring(asker, context),
        devices.asking(asker.mailbox, command.device_home, asker.key_id or ""),
    )
    granted(command, registered, context.settings.public_url)
    check_budgets(usage_rows, context, known=_is_known(met), crowded=command.crowded)


def _of_device(command: StartLogin, context: Context) -> list[Query]:
    """End its own earlier requests, by its key or its browser's cookie, and remember its proof."""
    of_whom: dict[str, str | bytes] = {}
    if command.proof is not None:
        of_whom["jkt"] = command.proof.jkt
    elif command.browser is not None:
        of_whom["browser"] = command.browser.name
    else:
        return []
    ending = logins.superseding(application_id=command.application_id, now=context.now, **of_whom)
    return [ending] if command.proof is None else [ending, proofs.spending(command.proof, now=context.now)]


def _names(command: StartLogin, mailbox: bytes) -> "list[tuple[bytes, bytes]]":
    """The 60 s rule belongs to the key alone, so its lock knows no application; without a key there is none to hold."""
    names = [(b"mailbox", mailbox)]
    if command.proof is not None:
        names.append((b"key", command.proof.jkt.encode()))
    if command.browser is not None:
        names.append((b"browser", command.browser.name))
    return names


def _user_code(command: StartLogin, login_id: str, context: Context) -> str:
    if command.browser is None:
        return user_code.make(context.entropy)
    return browser_user_code(context.keys, command.browser.cookie, login_id)


def _way_back(command: StartLogin) -> "dict[str, Any]":
    if command.browser is not None:
        return command.browser.columns
    if command.way_home is None:
        return {}
    return {
        "redirect_uri": command.way_home.redirect_uri,
        "redirect_state": command.way_home.state,
        "code_challenge": command.way_home.code_challenge,
    }


def _decoy_reason(user: User | None, suppressed: Sequence[Row], *, over: bool, context: Context) -> DecoyReason | None:
    """Why no mail may go out, or None. It shows in the audit log alone: the caller's answer is the same [R93]."""
    if user is not None and user.disabled_at is not None:
        return "user_disabled"
    if user is None and context.settings.sign_up == "invited":
        return "not_invited"
    if suppressions.is_suppressed(suppressed):
        return "suppressed"
    return "over_budget" if over else None


async def _record_superseded(tx: Transaction, logins_ended: Sequence[logins.Ended], context: Context) -> None:
    for ended in logins_ended:
        expired = ended.state is State.EXPIRED
        name = EventName.LOGIN_EXPIRED if expired else EventName.LOGIN_SUPERSEDED
        event = AuditEvent(name=name, login_id=ended.id, application_id=ended.application_id, jkt=ended.jkt)
        await audit.append(tx, context, event)
        await tx.notify(ended.id)


async def _queue_mail(
    tx: Transaction,
    login: logins.Login,
    mailed: str,
    decoy: DecoyReason | None,
    context: Context,
) -> None:
    """The same statement for a decoy, told apart by a value: the row's kind."""
    mail_id = identifiers.ulid(context.now, context.entropy)
    await outbox.add(
        tx,
        outbox.Mail(
            id=mail_id,
            login_id=login.id,
            kind="decoy" if decoy else "link",
            state="queued",
            recipient=login.address,
            sealed_secret=seal(
                context.keys.seal_outbox, mailed.encode(), associated=mail_id.encode(), entropy=context.entropy
            ),
            attempts=0,
            # Where none can leave the worker has nothing to do for it before it is too late.
            due_at=context.now if context.settings.sends_mail else login.expires_at,
            created_at=context.now,
        ),
    )


async def _record(
    tx: Transaction, login: logins.Login, command: StartLogin, decoy: DecoyReason | None, context: Context
) -> None:
    requested = AuditEvent(
        name=EventName.LOGIN_REQUESTED,
        login_id=login.id,
        application_id=login.application_id,
        jkt=login.jkt,
        fields=place_facts(command.place),
        personal={
            "address": command.address.mailing,
            "source": command.source,
            "user_agent": command.user_agent,
            "device_label": command.device_label or "",
        },
    )
    mail = AuditEvent(
        name=EventName.MAIL_SUPPRESSED if decoy else EventName.MAIL_QUEUED,
        outcome="failure" if decoy else "success",
        reason=decoy or (None if context.settings.sends_mail else "no_transport"),
        login_id=login.id,
        application_id=login.application_id,
    )
    await audit.append(tx, context, requested, mailbox=login.mailbox)
    await audit.append(tx, context, mail, mailbox=login.mailbox)
