# SPDX-License-Identifier: Apache-2.0
"""When the events happened that a filter asks for: over its index, newest first, and never over more than so many.

For what no table of counts can tell, as the person or the device that it was.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import Select, select

from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.db.audit_pages import leader_of, leading
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import first_rows, parameter
from counterfoil_service.db.tables import audit_events

LOOKED_AT: Final = 5000
"""Events that are looked at for one picture."""

_e = audit_events.c
_NAMES: Final = ("login_id", "subject", "jkt", "source_prefix", "application_id", "name", "outcome")


class Moments(msgspec.Struct, frozen=True):
    """Each is a time (microseconds UTC), one event, and whether it was a failure; newest first.

    `cut` is the time before which nothing was looked at, None where all was.
    """

    counts: list[tuple[int, int, int]]
    cut: int | None


def _newest(leader: str | None) -> "Select[Any]":
    looked_at = select(_e.time, *(_e[name] for name in _NAMES)).where(
        _e.time >= parameter("since"),
        _e.time < parameter("until"),
        *([] if leader is None else [leading(leader)]),
    )
    return first_rows(looked_at.order_by(_e.time.desc(), _e.position.desc()))


_MOMENTS: Final = {leader: Statement(_newest(leader)) for leader in (None, *_NAMES)}


async def moments(tx: ReadTransaction, wanted: EventFilter, since: int, until: int) -> Moments:
    """Those of the events that fit, from `since` to before `until`, as far back as `LOOKED_AT` of them reach."""
    equal = wanted.equal
    leader = leader_of(equal)
    rows = await tx.all(_MOMENTS[leader], {**equal, "since": since, "until": until, "limit": LOOKED_AT})
    places = [(1 + _NAMES.index(name), value) for name, value in equal.items() if name != leader]
    outcome = 1 + _NAMES.index("outcome")
    counts = [
        (int(row[0]), 1, int(row[outcome] == "failure"))
        for row in rows
        if all(row[place] == value for place, value in places)
    ]
    return Moments(counts, int(rows[-1][0]) if len(rows) == LOOKED_AT else None)
