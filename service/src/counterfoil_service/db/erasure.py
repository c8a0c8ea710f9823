# SPDX-License-Identifier: Apache-2.0
"""What a person's rows say of the person, taken out of them; the rows stay, for budgets and the audit log's sake."""

from sqlalchemy import delete, null, select, update

from counterfoil_service.db import audit
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import parameter
from counterfoil_service.db.tables import authorization_codes, logins, outbox, suppressions

_theirs = select(logins.c.id).where(logins.c.mailbox == parameter("mailbox"))
_LOGINS = Statement(
    update(logins)
    .where(logins.c.mailbox == parameter("mailbox"))
    .values(
        address=parameter("nothing"),
        device_label=null(),
        fingerprint=null(),
        country=null(),
        place=null(),
        mail_code_hash=null(),
        redirect_uri=null(),
        redirect_state=null(),
    )
)
_MAIL = Statement(update(outbox).where(outbox.c.login_id.in_(_theirs)).values(recipient=parameter("nothing")))
_SUPPRESSION = Statement(delete(suppressions).where(suppressions.c.mailbox == parameter("mailbox")))
_CODES = Statement(delete(authorization_codes).where(authorization_codes.c.login_id.in_(_theirs)))


async def blank(tx: Transaction, mailbox: bytes) -> None:
    """Take addresses, names of devices, fingerprints, places and ways home out of a mailbox's rows.

    Its suppression holds nothing else, and goes.
    """
    await tx.run(_LOGINS, {"mailbox": mailbox, "nothing": ""})
    await tx.run(_MAIL, {"mailbox": mailbox, "nothing": ""})
    # After the mail: a report that suppresses this mailbox now has held one of those rows before.
    await tx.run(_SUPPRESSION, {"mailbox": mailbox})
    await audit.forget_sources(tx, mailbox)


async def drop_codes(tx: Transaction, mailbox: bytes) -> None:
    """Forget the authorization codes that a mailbox's logins gave: nobody redeems them any more."""
    await tx.run(_CODES, {"mailbox": mailbox})
