# SPDX-License-Identifier: Apache-2.0
"""Filters of the audit log that somebody keeps under a name of their own."""

import msgspec
from sqlalchemy import delete, select

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import insert_unless_there, parameter
from counterfoil_service.db.tables import saved_searches

_s = saved_searches.c
_KEEP = insert_unless_there(saved_searches, _s.id)
_OF_OPERATOR = Statement(select(saved_searches).where(_s.operator_id == parameter("operator_id")).order_by(_s.name))
_DROP = Statement(
    delete(saved_searches).where(_s.operator_id == parameter("operator_id"), _s.id == parameter("id")).returning(_s.id)
)
_DROP_ALL = Statement(delete(saved_searches).where(_s.operator_id == parameter("operator_id")))


class SavedSearch(msgspec.Struct, frozen=True):
    """`query` is a query string of the audit page; `created_at` microseconds UTC."""

    id: str
    operator_id: str
    name: str
    query: str
    created_at: int


async def keep_search(tx: Transaction, search: SavedSearch) -> bool:
    """Insert; False where this person has one of this name."""
    return await tx.one(_KEEP, msgspec.structs.asdict(search)) is not None


async def of_operator(tx: ReadTransaction, operator_id: str) -> list[SavedSearch]:
    """All that one person keeps, by name."""
    return [SavedSearch(*row) for row in await tx.all(_OF_OPERATOR, {"operator_id": operator_id})]


async def drop_search(tx: Transaction, operator_id: str, search_id: str) -> bool:
    """Delete one of one's own; False when there was none."""
    return await tx.one(_DROP, {"operator_id": operator_id, "id": search_id}) is not None


async def drop_searches(tx: Transaction, operator_id: str) -> None:
    """Delete all of somebody who has no role any more."""
    await tx.run(_DROP_ALL, {"operator_id": operator_id})
