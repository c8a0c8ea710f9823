# SPDX-License-Identifier: Apache-2.0
"""Take mail that is due, with what is needed to write it."""

from typing import Literal

import msgspec

from counterfoil_service.core.login import SECOND, State, current_state
from counterfoil_service.crypto.keys import CannotUnseal, unseal
from counterfoil_service.db import applications, logins, outbox
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.logins import Login
from counterfoil_service.db.outbox import Mail

LEASE_SECONDS = 60
"""Longer than the worker lets a send take, so that two workers never hold one mail."""


Unfit = Literal["decoy", "login_ended", "cannot_unseal"]


class ClaimedMail(msgspec.Struct, frozen=True):
    """`secret` is None for what must not be mailed: `unfit` says why."""

    mail: Mail
    secret: str | None
    unfit: Unfit | None
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
        return ClaimedMail(mail, None, "login_ended", "", None, 0, 0)
    secret, unfit = _secret(mail, login, context)
    return ClaimedMail(mail, secret, unfit, application.name, login.device_label, login.created_at, login.expires_at)


def _secret(mail: Mail, login: Login, context: Context) -> tuple[str | None, Unfit | None]:
    if mail.kind == "decoy":
        return None, "decoy"
    if current_state(login.state, login.expires_at, context.now) is not State.PENDING:
        return None, "login_ended"
    try:
        sealed = mail.sealed_secret or b""
        return unseal(context.keys.seal_outbox, sealed, associated=mail.id.encode()).decode(), None
    except CannotUnseal:
        return None, "cannot_unseal"
