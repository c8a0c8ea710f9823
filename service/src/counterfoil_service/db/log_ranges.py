# SPDX-License-Identifier: Apache-2.0
"""The audit log in ranges, for whoever goes through all of it: its tiles, its checkpoints, and what was pruned."""

import msgspec
from sqlalchemy import select

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.log import SignedCheckpoint
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import parameter
from counterfoil_service.db.tables import audit_events, checkpoints, log_tiles

_e, _t, _c = audit_events.c, log_tiles.c, checkpoints.c

_TILES = Statement(
    select(_t.tile, _t.hashes).where(
        _t.level == parameter("level"), _t.tile >= parameter("first"), _t.tile <= parameter("last")
    )
)
_CHECKPOINTS = Statement(
    select(checkpoints).where(_c.size > parameter("after"), _c.size <= parameter("upto")).order_by(_c.size)
)
_PRUNED = Statement(select(_e.fields).where(_e.name == parameter("name")))


async def tiles(tx: ReadTransaction, level: int, first: int, last: int) -> dict[tuple[int, int], bytes]:
    """The tiles of a level from number `first` to number `last`, by level and number."""
    rows = await tx.all(_TILES, {"level": level, "first": first, "last": last})
    return {(level, int(number)): bytes(hashes) for number, hashes in rows}


async def checkpoints_between(tx: ReadTransaction, after: int, upto: int) -> list[SignedCheckpoint]:
    """Those larger than `after` and no larger than `upto`, the smallest first."""
    rows = await tx.all(_CHECKPOINTS, {"after": after, "upto": upto})
    return [SignedCheckpoint(int(size), bytes(root), int(time), str(note)) for size, root, time, note in rows]


async def pruned_below(tx: ReadTransaction) -> int:
    """The largest `below` that an `audit.pruned` event announces, sealed or not; 0 where there is none.

    A row says so, and no more: only the log shows whether it does. A row that says nothing is none.
    """
    found = [_below(str(fields)) for (fields,) in await tx.all(_PRUNED, {"name": EventName.AUDIT_PRUNED.value})]
    return max(found, default=0)


def _below(fields: str) -> int:
    try:
        return msgspec.json.decode(fields, type=dict[str, int]).get("below", 0)
    except msgspec.DecodeError:
        return 0
