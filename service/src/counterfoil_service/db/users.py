# SPDX-License-Identifier: Apache-2.0
"""People: one row for each mailbox that completed a login."""

from typing import Any

import msgspec
from sqlalchemy import select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_unless_there, parameter
from counterfoil_service.db.tables import users


class User(msgspec.Struct, frozen=True):
    """`id` is the subject: random and stable, never the address. `address` is where mail goes."""

    id: str
    mailbox: bytes
    address: str
    created_at: int
    verified_at: int | None = None
    disabled_at: int | None = None


_ADD = insert_unless_there(users, users.c.id)
_BY_MAILBOX = Statement(select(users).where(users.c.mailbox == parameter("mailbox")))
_VERIFY = Statement(
    update(users)
    .where(users.c.id == parameter("id"), users.c.verified_at.is_(None))
    .values(verified_at=parameter("now"), address=parameter("address"))
    .returning(users.c.id)
)


def _user(row: "Any") -> User | None:
    return None if row is None else User(*row)


async def add(tx: Transaction, user: User) -> bool:
    """Insert; False when the mailbox has a user already."""
    return await tx.one(_ADD, msgspec.structs.asdict(user)) is not None


async def by_mailbox(tx: ReadTransaction, mailbox: bytes) -> User | None:
    """By the keyed hash of the canonical address."""
    return _user(await tx.one(_BY_MAILBOX, {"mailbox": mailbox}))


async def verify(tx: Transaction, user_id: str, *, address: str, now: int) -> bool:
    """Mark as verified the first time, with the address that was proved; False when it was before."""
    return await tx.one(_VERIFY, {"id": user_id, "address": address, "now": now}) is not None
