# SPDX-License-Identifier: Apache-2.0
"""Small values that belong to the deployment as a whole: the salt of the root key, the check that unseals."""

from sqlalchemy import delete, select

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_unless_there, parameter
from counterfoil_service.db.tables import secrets

_ADD = insert_unless_there(secrets)
_REMOVE = Statement(delete(secrets).where(secrets.c.name == parameter("name")))
_GET = Statement(select(secrets.c.value).where(secrets.c.name == parameter("name")))


async def get(tx: ReadTransaction, name: str) -> bytes | None:
    """The value, or None."""
    row = await tx.one(_GET, {"name": name})
    return None if row is None else bytes(row[0])


async def keep(tx: Transaction, name: str, value: bytes) -> bytes:
    """The value that stands: this one, unless one stood before."""
    await tx.run(_ADD, {"name": name, "value": value})
    stored = await get(tx, name)
    assert stored is not None  # noqa: S101 - it was written one line above
    return stored


async def replace(tx: Transaction, name: str, value: bytes) -> None:
    """Put this value in the place of the one that stood, if any did."""
    await tx.run(_REMOVE, {"name": name})
    await tx.run(_ADD, {"name": name, "value": value})
