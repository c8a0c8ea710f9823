# SPDX-License-Identifier: Apache-2.0
"""The keys that sign access tokens, sealed at rest."""

import msgspec
from sqlalchemy import select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_row, parameter
from counterfoil_service.db.tables import signing_keys


class StoredKey(msgspec.Struct, frozen=True):
    """One row. It signs from `active_at` on, and is published until its tokens are gone after `retired_at`."""

    kid: str
    algorithm: str
    sealed_private_key: bytes
    created_at: int
    active_at: int
    retired_at: int | None = None


_ADD = Statement(insert_row(signing_keys))
_LIST = Statement(select(signing_keys).order_by(signing_keys.c.active_at))
_RETIRE = Statement(
    update(signing_keys).where(signing_keys.c.retired_at.is_(None)).values(retired_at=parameter("retired_at"))
)


async def add(tx: Transaction, key: StoredKey) -> None:
    """Insert a key."""
    await tx.run(_ADD, msgspec.structs.asdict(key))


async def list_all(tx: ReadTransaction) -> list[StoredKey]:
    """All, oldest first."""
    return [StoredKey(*row) for row in await tx.all(_LIST, {})]


async def retire_all(tx: Transaction, *, retired_at: int) -> None:
    """Let every key that signs today stop at `retired_at`."""
    await tx.run(_RETIRE, {"retired_at": retired_at})
