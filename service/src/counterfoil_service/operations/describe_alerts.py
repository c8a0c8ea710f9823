# SPDX-License-Identifier: Apache-2.0
"""Alerts with who was told of them and who acknowledged them."""

from collections.abc import Sequence

import msgspec

from counterfoil_service.core.alerting import AlertCursor
from counterfoil_service.db import alert_pages, alert_pushes, alerts, operators
from counterfoil_service.db.alert_pushes import Push
from counterfoil_service.db.alerts import Alert
from counterfoil_service.db.engine import ReadTransaction


class DescribedAlert(msgspec.Struct, frozen=True):
    """`acknowledged_by` is an address, or the id of an operator who has no role any more."""

    alert: Alert
    pushes: list[Push]
    acknowledged_by: str | None


class AlertsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which page: `unseen` ones alone or all, of a kind or of all, behind `after`."""

    unseen: bool
    kind: str | None
    after: AlertCursor | None
    limit: int


class AlertsPage(msgspec.Struct, frozen=True):
    """`following` None: there is nothing behind it."""

    alerts: list[DescribedAlert]
    following: AlertCursor | None


async def describe_alerts(tx: ReadTransaction, asked: AlertsAsked) -> AlertsPage:
    """One page."""
    rows = await alert_pages.page_of_alerts(
        tx, unseen=asked.unseen, kind=asked.kind, after=asked.after, limit=asked.limit + 1
    )
    shown = rows[: asked.limit]
    following = AlertCursor(shown[-1].last_at, shown[-1].id) if len(rows) > asked.limit else None
    return AlertsPage(await _described_alerts(tx, shown), following)


async def describe_alert(tx: ReadTransaction, alert_id: str) -> DescribedAlert | None:
    """One; None where there is none of this id."""
    alert = await alerts.get(tx, alert_id)
    return None if alert is None else (await _described_alerts(tx, [alert]))[0]


async def _described_alerts(tx: ReadTransaction, rows: Sequence[Alert]) -> list[DescribedAlert]:
    pushes = await alert_pushes.of_alerts(tx, [alert.id for alert in rows])
    names = {each.id: each.address for each in await operators.list_all(tx)}
    return [
        DescribedAlert(alert, pushed, names.get(alert.acknowledged_by or "", alert.acknowledged_by))
        for alert, pushed in zip(rows, pushes, strict=True)
    ]
