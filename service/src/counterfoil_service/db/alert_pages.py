# SPDX-License-Identifier: Apache-2.0
"""Pages of alerts, the latest first."""

from typing import Any

from sqlalchemy import Select, select, tuple_

from counterfoil_service.core.alerting import AlertCursor
from counterfoil_service.core.event_filter import MAX_TIME
from counterfoil_service.db.alerts import Alert
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import first_rows, parameter
from counterfoil_service.db.tables import alerts

_a = alerts.c


def _page(*, unseen: bool, of_kind: bool) -> "Select[Any]":
    conditions = [tuple_(_a.last_at, _a.id) < tuple_(parameter("before_time"), parameter("before_id"))]
    conditions += [_a.acknowledged_at.is_(None)] if unseen else []
    conditions += [_a.kind == parameter("kind")] if of_kind else []
    return first_rows(select(alerts).where(*conditions).order_by(_a.last_at.desc(), _a.id.desc()))


_PAGES = {
    "unseen": Statement(_page(unseen=True, of_kind=False)),
    "unseen of a kind": Statement(_page(unseen=True, of_kind=True)),
    "all": Statement(_page(unseen=False, of_kind=False)),
    "all of a kind": Statement(_page(unseen=False, of_kind=True)),
}


async def page_of_alerts(
    tx: ReadTransaction, *, unseen: bool, kind: str | None, after: AlertCursor | None, limit: int
) -> list[Alert]:
    """At most `limit`, behind `after`. `unseen`: those alone that nobody has acknowledged."""
    statement = _PAGES[("unseen" if unseen else "all") + ("" if kind is None else " of a kind")]
    start = after or AlertCursor(MAX_TIME, "")
    values = {"before_time": start.time, "before_id": start.id, "limit": limit}
    return [Alert(*row) for row in await tx.all(statement, values if kind is None else values | {"kind": kind})]
