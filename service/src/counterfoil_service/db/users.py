# SPDX-License-Identifier: Apache-2.0
"""People: one row for each mailbox that was invited or proved by a login."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import delete, func, null, select, update

from counterfoil_service.db.engine import Query, ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_unless_there, parameter
from counterfoil_service.db.tables import sessions, users

UserState = Literal["invited", "unverified", "verified", "disabled"]


class User(msgspec.Struct, frozen=True):
    """`id` is the subject: random and stable, never the address. `address` is where mail goes."""

    id: str
    mailbox: bytes
    address: str
    created_at: int
    verified_at: int | None = None
    disabled_at: int | None = None
    invited_at: int | None = None

    def __repr__(self) -> str:
        return f"User(id={self.id!r})"

    @property
    def state(self) -> UserState:
        """In one word; `unverified` proved the mailbox at a device that may not sign in yet, or was relayed a link."""
        if self.disabled_at is not None:
            return "disabled"
        if self.verified_at is not None:
            return "verified"
        return "unverified" if self.invited_at is None else "invited"


class Counted(msgspec.Struct, frozen=True):
    """A user, and how many sessions of theirs nobody ended."""

    user: User
    sessions: int


_u = users.c
_ADD = insert_unless_there(users, _u.id)
_BY_MAILBOX = Statement(select(users).where(_u.mailbox == parameter("mailbox")))
_GET = Statement(select(users).where(_u.id == parameter("id")))
_VERIFY = Statement(
    update(users)
    .where(_u.id == parameter("id"), _u.verified_at.is_(None))
    .values(verified_at=parameter("now"), address=parameter("address"))
    .returning(_u.id)
)
_DISABLE = Statement(
    update(users)
    .where(_u.id == parameter("id"), _u.disabled_at.is_(None))
    .values(disabled_at=parameter("now"))
    .returning(_u.id)
)
_ENABLE = Statement(
    update(users)
    .where(_u.id == parameter("id"), _u.disabled_at.is_not(None))
    .values(disabled_at=null())
    .returning(_u.id)
)
_ERASE = Statement(delete(users).where(_u.id == parameter("id")).returning(_u.id))
_LIST = Statement(
    select(*users.columns, func.count(sessions.c.id))
    .select_from(users)
    .outerjoin(sessions, (sessions.c.user_id == _u.id) & sessions.c.ended_at.is_(None))
    .group_by(*users.columns)
)


def asking(mailbox: bytes) -> Query:
    """For `gather`: what `found` is then given."""
    return _BY_MAILBOX, {"mailbox": mailbox}


def found(rows: Sequence[Row]) -> User | None:
    """What was read of a person."""
    return User(*rows[0]) if rows else None


def _user(row: "Any") -> User | None:
    return None if row is None else User(*row)


async def add(tx: Transaction, user: User) -> bool:
    """Insert; False when the mailbox has a user already."""
    return await tx.one(_ADD, msgspec.structs.asdict(user)) is not None


async def by_mailbox(tx: ReadTransaction, mailbox: bytes) -> User | None:
    """By the keyed hash of the canonical address."""
    return _user(await tx.one(_BY_MAILBOX, {"mailbox": mailbox}))


async def get(tx: ReadTransaction, user_id: str) -> User | None:
    """By the subject."""
    return _user(await tx.one(_GET, {"id": user_id}))


def verifying(user_id: str, *, address: str, now: int) -> Query:
    """For `gather`: mark as verified, with the address that was proved; it gives a row the first time."""
    return _VERIFY, {"id": user_id, "address": address, "now": now}


async def disable(tx: Transaction, user_id: str, *, now: int) -> bool:
    """Let them in no more; False when they were disabled before."""
    return await tx.one(_DISABLE, {"id": user_id, "now": now}) is not None


async def enable(tx: Transaction, user_id: str) -> bool:
    """Let them in again; False when they were not disabled."""
    return await tx.one(_ENABLE, {"id": user_id}) is not None


async def erase(tx: Transaction, user_id: str) -> bool:
    """Delete; False when there was none."""
    return await tx.one(_ERASE, {"id": user_id}) is not None


async def list_all(tx: ReadTransaction) -> list[Counted]:
    """Everybody, by address, in an order that no engine's collation changes."""
    found = [Counted(User(*row[:-1]), int(row[-1])) for row in await tx.all(_LIST, {})]
    return sorted(found, key=lambda each: each.user.address.casefold())
