# SPDX-License-Identifier: Apache-2.0
"""Take mail that is due, with what is needed to write it."""

from typing import Literal

import msgspec

from counterfoil_service.core.login import SECOND, State, current_state
from counterfoil_service.core.look import OUR_LOOK, Look, look_of
from counterfoil_service.core.mail_report import PROVING
from counterfoil_service.crypto.keys import CannotUnseal, unseal
from counterfoil_service.db import applications, devices, logins, outbox, sessions, suppressions
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.outbox import Mail
from counterfoil_service.operations.describe_link import Standing, who_asks

LEASE_SECONDS = 60
"""Longer than the worker lets a send take, so that two workers never hold one mail."""

NOTICE_LIFETIME = 86_400 * SECOND
"""A notice that no server takes for a day is given up: it tells of what just happened."""

Unfit = Literal["decoy", "login_ended", "device_forgotten", "too_late", "user_erased", "suppressed", "cannot_unseal"]


class ClaimedMail(msgspec.Struct, frozen=True):
    """`secret` is None for what must not be mailed: `unfit` says why. `mail_code` is eight digits, where there are any.

    `for_show`: a decoy that is written as a mail would be, and then thrown away: whoever asks next waits as long.
    `happened_at` is when the link was asked for, or when the device of a notice signed in; at `expires_at` there is
    nothing left to mail.
    """

    mail: Mail
    secret: str | None
    unfit: Unfit | None
    application_name: str
    device_label: str | None
    happened_at: int
    expires_at: int
    standing: Standing = "new"
    mail_code: str | None = None
    same_device_only: bool = False
    language: str | None = None
    look: Look = OUR_LOOK
    for_show: bool = False

    @property
    def is_taken(self) -> bool:
        """A provider that gave no word when it took the mail has told of it since: to send it again sends it twice.

        At the first attempt nobody had it yet, whatever is told.
        """
        return self.mail.attempts > 1 and self.mail.delivery in PROVING

    def __repr__(self) -> str:
        return f"ClaimedMail(id={self.mail.id!r})"


async def claim_mail(tx: Transaction, limit: int, context: Context) -> list[ClaimedMail]:
    """At most `limit`, leased for a minute."""
    leased_until = context.now + LEASE_SECONDS * SECOND
    claimed = await outbox.claim(tx, now=context.now, leased_until=leased_until, limit=limit)
    return [await _described(tx, mail, context) for mail in claimed]


async def _described(tx: Transaction, mail: Mail, context: Context) -> ClaimedMail:
    if not mail.recipient:
        return _unfit(mail, "user_erased")
    if mail.kind in {"notice", "change"}:
        return await _notice(tx, mail, context)
    login = await logins.get(tx, mail.login_id)
    application, standing = await who_asks(tx, login) if login else (None, "new")
    if login is None or application is None:
        return _unfit(mail, "login_ended")
    waits = current_state(login.state, login.expires_at, context.now) is State.PENDING
    suppressed = suppressions.is_suppressed(await tx.all(*suppressions.asking_suppressed(login.mailbox)))
    decoy = mail.kind == "decoy"
    unfit: Unfit | None = "suppressed" if suppressed and not decoy else None
    secret, unfit = _secret(mail, unfit if waits else "login_ended", context)
    link_secret, _, mail_code = (secret or "").partition(" ")
    return ClaimedMail(
        mail,
        None if decoy else link_secret or None,
        "decoy" if decoy else unfit,
        application.name,
        login.device_label,
        login.created_at,
        login.expires_at,
        standing=standing,
        mail_code=mail_code or None,
        same_device_only=application.same_device_only,
        language=login.language,
        look=look_of(application),
        for_show=decoy and secret is not None,
    )


async def _notice(tx: Transaction, mail: Mail, context: Context) -> ClaimedMail:
    """Sent even where the session is over already: its device is a known one from now on, and the person must hear."""
    told_of, asked = await tx.gather(sessions.asking_with_user(mail.session_id or ""), logins.asking(mail.login_id))
    owned, login = sessions.found_with_user(told_of), logins.login_of(asked)
    if owned is None or login is None:
        return _unfit(mail, "device_forgotten")
    session, _ = owned
    registered, stored, suppressed = await tx.gather(
        applications.asking(login.application_id),
        devices.asking_by_id(session.device_id or ""),
        suppressions.asking_suppressed(login.mailbox),
    )
    application = applications.found(login.application_id, registered)
    if application is None or (session.device_id is not None and devices.device_of(stored) is None):
        return _unfit(mail, "device_forgotten")
    label, expires_at = login.device_label, mail.created_at + NOTICE_LIFETIME
    unfit: Unfit | None = "suppressed" if suppressions.is_suppressed(suppressed) else None
    secret, unfit = _secret(mail, "too_late" if context.now >= expires_at else unfit, context)
    happened_at = mail.created_at if mail.kind == "change" else session.created_at
    claimed = ClaimedMail(mail, secret, unfit, application.name, label, happened_at, expires_at)
    return msgspec.structs.replace(claimed, language=login.language, look=look_of(application))


def _secret(mail: Mail, unfit: Unfit | None, context: Context) -> tuple[str | None, Unfit | None]:
    if unfit is not None:
        return None, unfit
    try:
        sealed = mail.sealed_secret or b""
        return unseal(context.keys.seal_outbox, sealed, associated=mail.id.encode()).decode(), None
    except CannotUnseal:
        return None, "cannot_unseal"


def _unfit(mail: Mail, unfit: Unfit) -> ClaimedMail:
    return ClaimedMail(mail, None, unfit, "", None, 0, 0)
