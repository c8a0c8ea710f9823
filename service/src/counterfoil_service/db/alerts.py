# SPDX-License-Identifier: Apache-2.0
"""Alerts: raised in the transaction of the event that is their cause, until somebody has acknowledged them."""

from typing import Any

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.core.alerting import MOST_UNSEEN, about_others, is_told
from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.identifiers import ulid
from counterfoil_service.db import alert_pushes
from counterfoil_service.db.engine import Context, ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import alerts, logins


class Alert(msgspec.Struct, frozen=True):
    """One row; times in microseconds UTC. References are those of the event that raised it first."""

    id: str
    kind: str
    about: str
    reason: str | None
    login_id: str | None
    application_id: str | None
    session_id: str | None
    subject: str | None
    times: int
    raised_at: int
    last_at: int
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    acknowledged_why: str | None = None

    def __repr__(self) -> str:
        return f"Alert(id={self.id!r}, kind={self.kind!r})"


_a = alerts.c
_unseen = _a.acknowledged_at.is_(None)
_COUNT_UNSEEN = Statement(select(func.count()).select_from(alerts).where(_unseen))
_AGAIN = Statement(
    update(alerts)
    .where(_a.kind == parameter("kind"), _a.about == parameter("about"), _unseen)
    .values(times=_a.times + constant(1), last_at=parameter("last_at"))
    .returning(_a.id)
)
_COUNT_OF_KIND = Statement(select(func.count()).select_from(alerts).where(_a.kind == parameter("kind"), _unseen))


def _raising(dialect: Any) -> Executable:
    """Of two at one time the second waits for the first, and counts."""
    columns = [column.name for column in alerts.columns if not column.name.startswith("acknowledged_")]
    fresh = dialect.insert(alerts).values({name: parameter(name) for name in columns})
    body: Executable = fresh.on_conflict_do_update(
        index_elements=[_a.kind, _a.about],
        index_where=text("acknowledged_at IS NULL"),
        set_={"times": _a.times + constant(1), "last_at": fresh.excluded.last_at},
    ).returning(_a.id, _a.times)
    return body


_RAISE = Statement(_raising(sqlite), postgresql=_raising(postgresql))
_GET = Statement(select(alerts).where(_a.id == parameter("id")))
_ACKNOWLEDGE = Statement(
    update(alerts)
    .where(_a.id == parameter("id"), _unseen)
    .values(
        acknowledged_at=parameter("now"), acknowledged_by=parameter("operator"), acknowledged_why=parameter("reason")
    )
    .returning(_a.id)
)


_theirs = select(logins.c.id).where(logins.c.mailbox == parameter("mailbox"))
_typed = _a.acknowledged_why.is_not(None)
_BLANK_OF_SUBJECT = Statement(
    update(alerts).where(_a.subject == parameter("subject"), _typed).values(acknowledged_why=parameter("nothing"))
)
_BLANK_OF_LOGINS = Statement(
    update(alerts).where(_a.login_id.in_(_theirs), _typed).values(acknowledged_why=parameter("nothing"))
)


async def raise_alert(tx: Transaction, context: Context, event: AuditEvent, about: str) -> None:
    """Count it where the same waits already; else a new alert, which whoever is to be told will be told of."""
    kind, now = event.name.value, context.now
    if await tx.one(_AGAIN, {"kind": kind, "about": about, "last_at": now}) is not None:
        return
    values: dict[str, Any] = {
        "id": ulid(now, context.entropy),
        "kind": kind,
        "about": about,
        "reason": event.reason,
        "login_id": event.login_id,
        "application_id": event.application_id,
        "session_id": event.session_id,
        "subject": event.subject,
        "times": 1,
        "raised_at": now,
        "last_at": now,
    }
    count = await tx.one(_COUNT_OF_KIND, {"kind": kind})
    if count is not None and count[0] >= MOST_UNSEEN:
        values |= {"about": about_others(event), "login_id": None, "session_id": None, "subject": None}
    raised = await tx.one(_RAISE, values)
    if raised is not None and is_told(values["about"], raised[1]):
        await alert_pushes.queue(tx, context, str(raised[0]))


async def count_unseen(tx: ReadTransaction) -> int:
    """How many nobody has acknowledged."""
    row = await tx.one(_COUNT_UNSEEN, {})
    return 0 if row is None else int(row[0])


async def get(tx: ReadTransaction, alert_id: str) -> Alert | None:
    """By its id."""
    row = await tx.one(_GET, {"id": alert_id})
    return None if row is None else Alert(*row)


async def acknowledge(tx: Transaction, alert_id: str, *, operator: str, reason: str, now: int) -> bool:
    """Acknowledge it; False where somebody else did already, or there is no such alert."""
    values = {"id": alert_id, "operator": operator, "reason": reason, "now": now}
    return await tx.one(_ACKNOWLEDGE, values) is not None


async def blank_whys(tx: Transaction, mailbox: bytes, subject: str | None) -> None:
    """Take out what operators wrote as they acknowledged alerts about this person, or about the mailbox's logins."""
    if subject is not None:
        await tx.run(_BLANK_OF_SUBJECT, {"subject": subject, "nothing": ""})
    await tx.run(_BLANK_OF_LOGINS, {"mailbox": mailbox, "nothing": ""})
