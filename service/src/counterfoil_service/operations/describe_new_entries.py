# SPDX-License-Identifier: Apache-2.0
"""What was sealed since the last look, for somebody at the console: whether they may see it is asked at each look."""

import msgspec

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.core.session import Limits
from counterfoil_service.db import audit, operators
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.operations.describe_cookie import describe_cookie


class NewEntries(msgspec.Struct, frozen=True):
    """`cookie_hash` is of the browser that looks on, `limits` are those of its session."""

    cookie_hash: bytes
    limits: Limits
    wanted: EventFilter

    def __repr__(self) -> str:
        return "NewEntries(...)"


class NewStretch(msgspec.Struct, frozen=True):
    """`following` is the index to go on at; `staff` the addresses of all who have a role, where there are events."""

    events: list[StoredEvent]
    following: int
    staff: dict[str, str]


async def describe_new_entries(
    tx: ReadTransaction, asked: NewEntries, seal_key: bytes, now: int, index: int, limit: int
) -> NewStretch:
    """Of at most `limit` entries from `index` on those that fit; a Refusal once the session or the role has ended."""
    person = await describe_cookie(tx, asked.cookie_hash, OWN_ID, asked.limits, now)
    if person is None or await operators.by_mailbox(tx, person.user.mailbox) is None:
        raise Refusal(ErrorCode.ACCESS_DENIED, "You have no role here any more, or are signed out.")
    sealed = await audit.sealed_from(tx, seal_key, index, limit)
    fitting = [
        stored
        for stored in sealed.events
        if asked.wanted.takes(stored.event, stored.time, (stored.personal or {}).get("source"))
    ]
    return NewStretch(fitting, sealed.following, await operators.staff_addresses(tx) if fitting else {})
