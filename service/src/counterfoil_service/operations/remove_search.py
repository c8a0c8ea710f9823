# SPDX-License-Identifier: Apache-2.0
"""Forget one bookmark of one's own."""

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import saved_searches
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_reading import check_staff


class RemoveSearch(msgspec.Struct, frozen=True):
    """Somebody else's is as good as none."""

    operator_id: str
    search_id: str


async def remove_search(tx: Transaction, command: RemoveSearch, _context: Context) -> None:
    """A Refusal where there is none."""
    await check_staff(tx, command.operator_id)
    if not await saved_searches.drop_search(tx, command.operator_id, command.search_id):
        raise Refusal(ErrorCode.NOT_FOUND, "You have no such search (any more).")
