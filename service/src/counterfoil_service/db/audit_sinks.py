# SPDX-License-Identifier: Apache-2.0
"""Where each receiver of the audit log stands: the log itself is the outbox, a row says which entry comes next."""

from typing import Any

import msgspec
from sqlalchemy import func, null, select, update

from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_unless_there, parameter
from counterfoil_service.db.tables import audit_sinks, checkpoints

NEVER = 2**63 - 1
"""The `due_at` of a sink that gets nothing more until an operator says so."""


class SinkRow(msgspec.Struct, frozen=True):
    """One row; times in microseconds UTC. `attempts` counts since the last delivery, `problem` is a short code.

    `failing_since` is when the first of them failed; `told_at` when that raised an alert, None while it has not.
    """

    name: str
    next_index: int
    attempts: int
    due_at: int
    problem: str | None
    created_at: int
    failing_since: int | None = None
    told_at: int | None = None

    @property
    def shown(self) -> str:
        """Its URL without the query, which may hold a token of the receiver's."""
        return self.name.partition("?")[0]


_c, _p = audit_sinks.c, checkpoints.c
_ADD = insert_unless_there(audit_sinks)
_GET = Statement(select(audit_sinks).where(_c.name == parameter("name")))
_ALL = Statement(select(audit_sinks).order_by(_c.name))
# The lease is the due time itself, moved ahead: a worker that dies leaves a row that simply falls due again.
_CLAIM = Statement(
    update(audit_sinks)
    .where(_c.name == parameter("name"), _c.due_at <= parameter("now"))
    .values(due_at=parameter("leased_until"), attempts=_c.attempts + constant(1))
    .returning(*audit_sinks.columns)
)
_mine = (
    _c.name == parameter("name"),
    _c.next_index == parameter("claimed_index"),
    _c.attempts == parameter("claimed_attempts"),
)
_well = {"attempts": constant(0), "problem": null(), "failing_since": null(), "told_at": null()}
_ADVANCE = Statement(
    update(audit_sinks)
    .where(*_mine)
    .values(next_index=parameter("next_index"), due_at=parameter("due_at"), **_well)
    .returning(_c.name)
)
_DEFER = Statement(
    update(audit_sinks)
    .where(*_mine)
    .values(
        due_at=parameter("due_at"),
        problem=parameter("problem"),
        failing_since=func.coalesce(_c.failing_since, parameter("now")),
    )
    .returning(_c.name)
)
_TELL = Statement(
    update(audit_sinks)
    .where(_c.name == parameter("name"), _c.told_at.is_(None))
    .values(told_at=parameter("now"))
    .returning(_c.name)
)
_REWIND = Statement(
    update(audit_sinks)
    .where(_c.name == parameter("name"), _c.next_index >= parameter("index"))
    .values(next_index=parameter("index"), due_at=parameter("now"), **_well)
    .returning(_c.name)
)
_COVERING = Statement(
    select(_p.size, _p.time)
    .where(_p.size > parameter("index"))
    .order_by(_p.size)
    .limit(constant(1))
    .offset(constant(0))
)


async def add(tx: Transaction, sink: SinkRow) -> None:
    """Remember a sink; one that is known already stays where it stands."""
    await tx.run(_ADD, msgspec.structs.asdict(sink))


async def get(tx: ReadTransaction, name: str) -> SinkRow | None:
    """The row of this name."""
    row = await tx.one(_GET, {"name": name})
    return None if row is None else SinkRow(*row)


async def get_all(tx: ReadTransaction) -> list[SinkRow]:
    """Every sink that was ever configured, by name."""
    return [SinkRow(*row) for row in await tx.all(_ALL, {})]


async def next_index(tx: ReadTransaction, name: str) -> int | None:
    """The entry that a sink gets next; None for one that was never met."""
    sink = await get(tx, name)
    return None if sink is None else sink.next_index


async def covering(tx: ReadTransaction, index: int) -> tuple[int, int] | None:
    """Size and time (microseconds UTC) of the first checkpoint over this entry; None while there is none."""
    row = await tx.one(_COVERING, {"index": index})
    return None if row is None else (int(row[0]), int(row[1]))


async def claim(tx: Transaction, name: str, *, now: int, leased_until: int) -> SinkRow | None:
    """Take a sink that is due; nobody else gets it before `leased_until`."""
    row = await tx.one(_CLAIM, {"name": name, "now": now, "leased_until": leased_until})
    return None if row is None else SinkRow(*row)


async def advance(tx: Transaction, claimed: SinkRow, *, to: int, now: int) -> bool:
    """What was claimed is delivered: `to` is next, at once. False when somebody else claimed or moved it since."""
    return await tx.one(_ADVANCE, _of(claimed) | {"next_index": to, "due_at": now}) is not None


async def defer(tx: Transaction, claimed: SinkRow, problem: str, *, due_at: int, now: int) -> bool:
    """It did not work, or never will (`NEVER`). False when somebody else claimed or moved it since."""
    return await tx.one(_DEFER, _of(claimed) | {"due_at": due_at, "problem": problem, "now": now}) is not None


async def mark_told(tx: Transaction, name: str, *, now: int) -> bool:
    """That it fails has been told; False where it was before, and nothing was delivered since."""
    return await tx.one(_TELL, {"name": name, "now": now}) is not None


async def rewind(tx: Transaction, name: str, index: int, *, now: int) -> bool:
    """Send again from this entry on, at once. False for an unknown sink, and for an entry that is still to come."""
    return await tx.one(_REWIND, {"name": name, "index": index, "now": now}) is not None


def _of(claimed: SinkRow) -> dict[str, Any]:
    return {"name": claimed.name, "claimed_index": claimed.next_index, "claimed_attempts": claimed.attempts}
