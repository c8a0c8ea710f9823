# SPDX-License-Identifier: Apache-2.0
"""Alerts on their way to whoever is to be told: rows written with the alert, claimed by lease, settled once."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import func, select, update

from counterfoil_service.core.identifiers import ulid
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, due_rows, insert_row, parameter
from counterfoil_service.db.tables import alert_pushes

PushState = Literal["queued", "sent", "failed"]


class Push(msgspec.Struct, frozen=True):
    """One row; times in microseconds UTC. `problem` is a short code: why it failed, or did not leave last time."""

    id: str
    alert_id: str
    target: str
    state: PushState
    attempts: int
    due_at: int
    created_at: int
    ended_at: int | None = None
    problem: str | None = None

    def __repr__(self) -> str:
        return f"Push(id={self.id!r}, state={self.state!r})"


class Waiting(msgspec.Struct, frozen=True):
    """How many did not leave yet, and when the oldest of them was queued, None where that is none."""

    count: int
    since: int | None


_c = alert_pushes.c
_queued = _c.state == constant("queued")
_of_target = (_queued, _c.target == parameter("target"))
_ADD = Statement(insert_row(alert_pushes))
_DUE = Statement(
    select(_c.id)
    .where(*_of_target, _c.due_at <= parameter("now"))
    .order_by(_c.due_at)
    .limit(constant(1))
    .offset(constant(0))
)
_due = due_rows(select(_c.id).where(*_of_target, _c.due_at <= parameter("now")), _c.due_at)
# The lease is the due time itself, moved ahead: a worker that dies leaves a row that simply falls due again.
_claiming = update(alert_pushes).values(due_at=parameter("leased_until"), attempts=_c.attempts + constant(1))
_CLAIM = change_due(_claiming.returning(*alert_pushes.columns), _c.id, _due)
_mine = (_c.id == parameter("id"), _queued, _c.attempts == parameter("attempts"))
_SETTLE = Statement(
    update(alert_pushes)
    .where(*_mine)
    .values(state=parameter("state"), ended_at=parameter("now"), problem=parameter("problem"))
    .returning(_c.id)
)
_DEFER = Statement(
    update(alert_pushes).where(*_mine).values(due_at=parameter("due_at"), problem=parameter("problem")).returning(_c.id)
)
_OF_ALERT = Statement(select(alert_pushes).where(_c.alert_id == parameter("alert_id")))
_WAITING = Statement(select(func.count(), func.min(_c.created_at)).where(*_of_target))


async def queue(tx: Transaction, context: Context, alert_id: str) -> None:
    """One for each target of the settings, due at once."""
    now = context.now
    for target in context.settings.alerts:
        push = Push(ulid(now, context.entropy), alert_id, target.name, "queued", 0, now, now)
        await tx.run(_ADD, msgspec.structs.asdict(push))


async def is_due(tx: ReadTransaction, target: str, now: int) -> bool:
    """Whether there is anything to claim."""
    return await tx.one(_DUE, {"target": target, "now": now}) is not None


async def claim_due(tx: Transaction, target: str, *, now: int, leased_until: int, limit: int) -> list[Push]:
    """Take at most `limit` due rows; nobody else gets them before `leased_until`."""
    values = {"target": target, "now": now, "leased_until": leased_until, "limit": limit}
    return [Push(*row) for row in await tx.all(_CLAIM, values)]


async def end(tx: Transaction, push: Push, state: PushState, problem: str | None, *, now: int) -> bool:
    """End the row; False when somebody else claimed it since."""
    values = {"id": push.id, "attempts": push.attempts, "state": state, "problem": problem, "now": now}
    return await tx.one(_SETTLE, values) is not None


async def put_off(tx: Transaction, push: Push, problem: str, *, due_at: int) -> bool:
    """Leave the row for later; False when somebody else claimed it since."""
    values = {"id": push.id, "attempts": push.attempts, "problem": problem, "due_at": due_at}
    return await tx.one(_DEFER, values) is not None


async def of_alerts(tx: ReadTransaction, alert_ids: Sequence[str]) -> list[list[Push]]:
    """Those of each alert, by target, the first first."""
    if not alert_ids:
        return []
    rows = await tx.gather(*((_OF_ALERT, {"alert_id": alert_id}) for alert_id in alert_ids))
    return [sorted((Push(*row) for row in each), key=lambda push: (push.target, push.id)) for each in rows]


async def waiting(tx: ReadTransaction, target: str) -> Waiting:
    """What a target has not got yet."""
    row = await tx.one(_WAITING, {"target": target})
    return Waiting(0, None) if row is None else Waiting(int(row[0]), row[1])
