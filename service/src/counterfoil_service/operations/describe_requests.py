# SPDX-License-Identifier: Apache-2.0
"""What one operator asked for and another has to grant, what was granted, and what became of earlier requests."""

from typing import Final

import msgspec

from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.four_eyes import ShownRequest, granted_requests, other_requests, waiting_requests

AT_MOST: Final = 50
AFTER_ALL: Final = "Z" * 26
"""Behind the newest id there can be."""


class RequestsAsked(msgspec.Struct, frozen=True):
    """By the operator `by`; `before` is the id of the last request of the page before, or `AFTER_ALL`."""

    by: str
    before: str
    now: int


class Requests(msgspec.Struct, frozen=True):
    """`granted` are those that the operator may do now. They and `waiting` are on the first page alone."""

    granted: list[ShownRequest]
    waiting: list[ShownRequest]
    others: list[ShownRequest]


async def describe_requests(tx: ReadTransaction, asked: RequestsAsked) -> Requests:
    """At most fifty that wait and fifty that were granted, and at most fifty-one others, of ids below `before`."""
    others = await other_requests(tx, before=asked.before, now=asked.now, limit=AT_MOST + 1)
    if asked.before != AFTER_ALL:
        return Requests([], [], others)
    granted = await granted_requests(tx, by=asked.by, now=asked.now, limit=AT_MOST)
    return Requests(granted, await waiting_requests(tx, now=asked.now, limit=AT_MOST), others)
