# SPDX-License-Identifier: Apache-2.0
"""Mailboxes that get no mail: it came back for good, or its reader called it unwanted."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import delete, select, update

from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_unless_there, parameter
from counterfoil_service.db.tables import suppressions


class Suppression(msgspec.Struct, frozen=True):
    """One row; `address` is where the mail of `mail_id` went."""

    mailbox: bytes
    address: str
    reason: Literal["bounced", "complained"]
    provider: str
    mail_id: str
    created_at: int

    def __repr__(self) -> str:
        return f"Suppression(mail_id={self.mail_id!r}, reason={self.reason!r})"


_c = suppressions.c
_SUPPRESS = insert_unless_there(suppressions, _c.created_at)
_WORSEN = Statement(
    update(suppressions)
    .where(_c.mailbox == parameter("mailbox"), _c.reason == constant("bounced"))
    .values(reason=parameter("reason"))
)
_BY_MAILBOX = Statement(select(_c.created_at).where(_c.mailbox == parameter("mailbox")))
_OF_MAILBOX = Statement(select(suppressions).where(_c.mailbox == parameter("mailbox")))
_LIFT = Statement(delete(suppressions).where(_c.mailbox == parameter("mailbox")).returning(*suppressions.columns))
_LIST = Statement(select(suppressions))


async def suppress(tx: Transaction, suppression: Suppression) -> bool:
    """Whether it is new; a complaint stands whichever of the two was told first."""
    if await tx.one(_SUPPRESS, msgspec.structs.asdict(suppression)) is not None:
        return True
    if suppression.reason == "complained":
        await tx.run(_WORSEN, {"mailbox": suppression.mailbox, "reason": suppression.reason})
    return False


def asking_suppressed(mailbox: bytes) -> Query:
    """For `gather`: what `is_suppressed` is then given."""
    return _BY_MAILBOX, {"mailbox": mailbox}


def is_suppressed(rows: Sequence[Row]) -> bool:
    """Whether the mailbox gets no mail."""
    return bool(rows)


async def suppression_of(tx: ReadTransaction, mailbox: bytes) -> Suppression | None:
    """Why the mailbox gets no mail; None where it does."""
    row = await tx.one(_OF_MAILBOX, {"mailbox": mailbox})
    return None if row is None else Suppression(*row)


async def lift(tx: Transaction, mailbox: bytes) -> Suppression | None:
    """Let it have mail again; what there was."""
    row = await tx.one(_LIFT, {"mailbox": mailbox})
    return None if row is None else Suppression(*row)


async def list_suppressed(tx: ReadTransaction) -> list[Suppression]:
    """All of them, newest first."""
    rows = await tx.all(_LIST, {})
    return sorted((Suppression(*row) for row in rows), key=lambda each: (-each.created_at, each.address))
