# SPDX-License-Identifier: Apache-2.0
"""Take mail that is due, with what is needed to write it."""

import msgspec

from counterfoil_service.core.login import SECOND, State, current_state
from counterfoil_service.crypto.keys import CannotUnseal, unseal
from counterfoil_service.db import applications, logins, outbox
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.outbox import Mail

LEASE_SECONDS = 60
"""Longer than any transport's time-out, so that two workers never hold one mail."""


class ClaimedMail(msgspec.Struct, frozen=True):
    """`secret` is None for what must not be mailed: a decoy, or a login that is no longer pending."""

    mail: Mail
    secret: str | None
    application_name: str
    device_label: str | None
    asked_at: int
    expires_at: int

    def __repr__(self) -> str:
        return f"ClaimedMail(id={self.mail.id!r})"


async def claim_mail(tx: Transaction, limit: int, context: Context) -> list[ClaimedMail]:
    """At most `limit`, leased for a minute."""
    leased_until = context.now + LEASE_SECONDS * SECOND
    claimed = await outbox.claim(tx, now=context.now, leased_until=leased_until, limit=limit)
    return [await _described(tx, mail, context) for mail in claimed]


async def _described(tx: Transaction, mail: Mail, context: Context) -> ClaimedMail:
    login = await logins.get(tx, mail.login_id)
    application = await applications.get(tx, login.application_id) if login else None
    if login is None or application is None:
        return ClaimedMail(mail, None, "", None, 0, 0)
    pending = current_state(login.state, login.expires_at, context.now) is State.PENDING
    secret = _secret(mail, context) if pending and mail.kind == "link" else None
    return ClaimedMail(mail, secret, application.name, login.device_label, login.created_at, login.expires_at)


def _secret(mail: Mail, context: Context) -> str | None:
    try:
        return unseal(context.keys.seal_outbox, mail.sealed_secret or b"", associated=mail.id.encode()).decode()
    except CannotUnseal:
        return None
