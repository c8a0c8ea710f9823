# SPDX-License-Identifier: Apache-2.0
"""What one operator asked for and another has to grant, and what became of earlier requests."""

from typing import Final

from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.four_eyes import ShownRequest, other_requests, waiting_requests

AT_MOST: Final = 50
AFTER_ALL: Final = "Z" * 26
"""Behind the newest id there can be."""


async def describe_requests(
    tx: ReadTransaction, before: str, now: int
) -> tuple[list[ShownRequest], list[ShownRequest]]:
    """At most fifty that wait, on the first page alone, and at most fifty-one others whose id is below `before`."""
    waiting = await waiting_requests(tx, now=now, limit=AT_MOST) if before == AFTER_ALL else []
    return waiting, await other_requests(tx, before=before, now=now, limit=AT_MOST + 1)
