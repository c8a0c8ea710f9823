# SPDX-License-Identifier: Apache-2.0
"""Ask for a link: a login, its outbox row and its events, or a refusal that changes nothing."""

from typing import Any, Literal

import msgspec

from counterfoil_service.core import application as rules
from counterfoil_service.core import destination, identifiers, link, redirects, user_code
from counterfoil_service.core.application import Application
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import Budgets
from counterfoil_service.core.email_address import EmailAddress
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.core.login import SECOND, State
from counterfoil_service.core.pkce import WayHome
from counterfoil_service.core.place import NOWHERE, Place
from counterfoil_service.core.polling import needs_fingerprint
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.keys import Keys, digest, keyed, seal
from counterfoil_service.db import applications, audit, logins, mailbox_keys, mailings, outbox, proofs, users
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.usage import Usage
from counterfoil_service.db.users import User
from counterfoil_service.operations.admit_mail_code import admit_mail_code
from counterfoil_service.operations.asking_browser import AskingBrowser, browser_user_code
from counterfoil_service.operations.check_budgets import Asker, asker_of, check_budgets
from counterfoil_service.operations.opener import place_facts

POLL_INTERVAL = 5
"""Seconds between polls, RFC 8628 §3.2."""

_MAILBOX_BYTES = 32
DecoyReason = Literal["user_disabled", "not_invited", "over_budget"]


class StartLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a link, its shape checked, with what the caller cannot say of itself: source and user agent.

    A device comes with a proof, a browser with its cookie.
    """

    application_id: str
    address: EmailAddress
    proof: Proof | None
    scope: str | None
    resource: str | None
    device_label: str | None
    evidence: Evidence | None
    source: str
    source_range: str
    user_agent: str
    way_home: WayHome | None = None
    browser: AskingBrowser | None = None
    place: Place = NOWHERE
    mail_code: tuple[str, str] | None = None
    """The digits to be mailed and their argon2id hash, where the application has them."""

    def asker(self, keys: Keys) -> Asker:
        """Whose budgets this counts against."""
        return asker_of(self.address, self.source_range, self.proof.jkt if self.proof else None, keys)

    def __repr__(self) -> str:
        return f"StartLogin(application_id={self.application_id!r})"


class LoginStarted(msgspec.Struct, frozen=True):
    """What the device is told; the link secret is not among it [R6]."""

    login_id: str
    device_code: str
    user_code: str
    expires_in: int
    interval: int

    def __repr__(self) -> str:
        return f"LoginStarted(login_id={self.login_id!r})"


async def start_login(tx: Transaction, command: StartLogin, context: Context) -> LoginStarted:
    """A login that waits for its link. Nobody can tell by the answer whether a mail goes out [R92]."""
    application, scope, audience = await _granted(tx, command, context)
    asker = command.asker(context.keys)
    mailbox = asker.mailbox
    await tx.lock(*(keyed(context.keys.lock, *name) for name in _names(command, mailbox)))
    if command.proof is not None:
        await proofs.spend(tx, command.proof, now=context.now)
    usage = await check_budgets(tx, asker, context)
    user = await users.by_mailbox(tx, mailbox)
    decoy = _decoy_reason(user, usage, context)
    await mailbox_keys.ensure(tx, context, mailbox)
    await _supersede_own(tx, command, context)

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
        scope=scope,
        audience=audience,
        source_range=asker.source_range,
        poll_interval=POLL_INTERVAL,
        created_at=context.now,
        expires_at=context.now + context.settings.link_ttl * SECOND,
        country=command.place.country,
        place=command.place.words,
        mail_code_hash=code_hash,
        **_way_back(command),
    )
    await logins.add(tx, login)
    await _queue_mail(tx, login, f"{link_secret} {digits}" if digits else link_secret, decoy, context)
    await _record(tx, login, command, decoy, context)
    return LoginStarted(login_id, device_code, user_code.display(code), context.settings.link_ttl, POLL_INTERVAL)


async def check_start(tx: ReadTransaction, command: StartLogin, context: Context) -> None:
    """Refuse what `start_login` would refuse, before anything dear is made for it; nothing is counted."""
    await _granted(tx, command, context)
    await check_budgets(tx, command.asker(context.keys), context)


async def _granted(tx: ReadTransaction, command: StartLogin, context: Context) -> tuple[Application, str, str]:
    """The application, and the scope and the audience that it may have."""
    issuer = context.settings.public_url
    application = await _application(tx, command, issuer)
    scope = rules.granted_scope(application, command.scope)
    return application, scope, rules.granted_audience(application, command.resource, issuer)


async def _application(tx: ReadTransaction, command: StartLogin, issuer: str) -> Application:
    application = await applications.get(tx, command.application_id)
    if application is None:
        raise Refusal(ErrorCode.INVALID_CLIENT, "client_id: no application of this id is registered")
    if command.browser is not None:
        destination.check(command.browser.destination, application, issuer)
        return application
    if command.proof is None and application.dpop == "required":
        raise Refusal(
            ErrorCode.INVALID_DPOP_PROOF, "DPoP: this application must send exactly one proof (RFC 9449, 4.3)"
        )
    if command.evidence is None and application.fingerprint == "required":
        raise needs_fingerprint()
    if application.same_device_only and command.way_home is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "redirect_uri: this application signs in on the same device only; send one, with state and code_challenge",
        )
    if command.way_home is not None:
        _check_way_home(application, command.way_home, command.proof)
    return application


def _check_way_home(application: Application, way_home: WayHome, proof: Proof | None) -> None:
    if proof is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST, "redirect_uri: its code is redeemed with the key that asked; send a DPoP proof"
        )
    redirects.match(application.redirect_uris, way_home.redirect_uri)


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


def _decoy_reason(user: User | None, usage: Usage, context: Context) -> DecoyReason | None:
    """Why no mail may go out, or None. It shows in the audit log alone: the caller's answer is the same [R93]."""
    if user is not None and user.disabled_at is not None:
        return "user_disabled"
    if user is None and context.settings.sign_up == "invited":
        return "not_invited"
    return "over_budget" if _mailbox_is_over_budget(usage, context.settings.budgets) else None


def _mailbox_is_over_budget(usage: Usage, budgets: Budgets) -> bool:
    return (
        usage.mailbox_mails >= budgets.mailbox_mails.count
        or usage.mailbox_daily_mails >= budgets.mailbox_daily_mails.count
        or usage.mailbox_live_logins >= budgets.mailbox_live_logins.count
    )


async def _supersede_own(tx: Transaction, command: StartLogin, context: Context) -> None:
    """A key's or a browser's own earlier requests; who has neither supersedes nothing."""
    column: dict[str, str | bytes] = {}
    if command.proof is not None:
        column["jkt"] = command.proof.jkt
    elif command.browser is not None:
        column["browser"] = command.browser.name
    else:
        return
    for ended in await logins.supersede(tx, application_id=command.application_id, now=context.now, **column):
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
    """The same statements for a decoy, told apart by a value: the row's kind, and a mailbox nobody has."""
    mail_id = identifiers.ulid(context.now, context.entropy)
    nobody = context.entropy(_MAILBOX_BYTES)
    await mailings.add(tx, mailbox=nobody if decoy else login.mailbox, now=context.now)
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
            due_at=context.now,
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
        reason=decoy,
        login_id=login.id,
        application_id=login.application_id,
    )
    await audit.append(tx, context, requested, mailbox=login.mailbox)
    await audit.append(tx, context, mail, mailbox=login.mailbox)
