# SPDX-License-Identifier: Apache-2.0
"""Rows whose time is over, deleted in bounded batches [R134]: what is left of them is the audit log.

A login that nobody used leaves alone; one that gave a session leaves with the last of its sessions. Mail leaves with
its login, or before it. A login whose mail still waits to be sent is left for the next time.
"""

from typing import Any

from sqlalchemy import delete, exists, null, select, update

from counterfoil_service.core.login import State
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import change_due, constant, constants, due_rows, parameter
from counterfoil_service.db.tables import alert_pushes, alerts, audit_events, logins, outbox, sessions

_l, _s, _o, _e = logins.c, sessions.c, outbox.c, audit_events.c


def _mail_waits(login_id: "Any") -> "Any":
    return exists().where(_o.login_id == login_id, _o.state == constant("queued")).correlate_except(outbox)


def _forget_logins(*states: State) -> Statement:
    old = select(_l.id).where(
        _l.state.in_(constants(states)), _l.expires_at <= parameter("before"), ~_mail_waits(_l.id)
    )
    return change_due(delete(logins).returning(_l.id), _l.id, due_rows(old, _l.expires_at))


_FORGET_UNUSED = _forget_logins(State.CANCELLED, State.EXPIRED)
_FORGET_REFUSED = _forget_logins(State.DENIED, State.LOCKED)
_old_sessions = due_rows(
    select(_s.id).where(_s.ended_at.is_not(None), _s.ended_at <= parameter("before"), ~_mail_waits(_s.login_id)),
    _s.ended_at,
)
_FORGET_SESSIONS = change_due(delete(sessions).returning(_s.login_id), _s.id, _old_sessions)
_sessions_left = exists().where(_s.login_id == _l.id).correlate_except(sessions)
_FORGET_USED = Statement(
    delete(logins)
    .where(_l.id == parameter("login_id"), _l.state == constant(State.CONSUMED), ~_sessions_left)
    .returning(_l.id)
)
_FORGET_MAIL = Statement(delete(outbox).where(_o.login_id == parameter("login_id")))
_settled = due_rows(select(_o.id).where(_o.ended_at.is_not(None), _o.ended_at <= parameter("before")), _o.ended_at)
_FORGET_SETTLED = change_due(delete(outbox).returning(_o.id), _o.id, _settled)
_a, _p = alerts.c, alert_pushes.c
_rested = due_rows(
    select(_a.id).where(_a.acknowledged_at.is_not(None), _a.acknowledged_at <= parameter("before")), _a.acknowledged_at
)
_FORGET_ALERTS = change_due(delete(alerts).returning(_a.id), _a.id, _rested)
_FORGET_PUSHES = Statement(delete(alert_pushes).where(_p.alert_id == parameter("alert_id")))
_located = due_rows(select(_e.position).where(_e.source_prefix.is_not(None), _e.time <= parameter("before")), _e.time)
_unlocating = update(audit_events).values(source_prefix=null()).returning(_e.position)
_FORGET_SOURCES = change_due(_unlocating, _e.position, _located)


async def forget_unused(tx: Transaction, *, before: int, limit: int) -> int:
    """Logins that expired or were cancelled, and whose time was over `before` or earlier; how many."""
    return await _forget(tx, _FORGET_UNUSED, before, limit)


async def forget_refused(tx: Transaction, *, before: int, limit: int) -> int:
    """Logins that were denied or locked."""
    return await _forget(tx, _FORGET_REFUSED, before, limit)


async def forget_sessions(tx: Transaction, *, before: int, limit: int) -> int:
    """Sessions that ended, and the logins that none is left of; tokens and cookies went when they ended."""
    ended = await tx.all(_FORGET_SESSIONS, {"before": before, "limit": limit})
    for (login_id,) in ended:
        if await tx.one(_FORGET_USED, {"login_id": login_id}) is not None:
            await tx.run(_FORGET_MAIL, {"login_id": login_id})
    return len(ended)


async def forget_mail(tx: Transaction, *, before: int, limit: int) -> int:
    """Mail that was sent or given up."""
    return len(await tx.all(_FORGET_SETTLED, {"before": before, "limit": limit}))


async def forget_alerts(tx: Transaction, *, before: int, limit: int) -> int:
    """Alerts that somebody acknowledged, and who was told of them."""
    rows = await tx.all(_FORGET_ALERTS, {"before": before, "limit": limit})
    for (alert_id,) in rows:
        await tx.run(_FORGET_PUSHES, {"alert_id": alert_id})
    return len(rows)


async def forget_sources(tx: Transaction, *, before: int, limit: int) -> int:
    """The coarse addresses beside events [R112]."""
    return len(await tx.all(_FORGET_SOURCES, {"before": before, "limit": limit}))


async def _forget(tx: Transaction, statement: Statement, before: int, limit: int) -> int:
    rows = await tx.all(statement, {"before": before, "limit": limit})
    for (login_id,) in rows:
        await tx.run(_FORGET_MAIL, {"login_id": login_id})
    return len(rows)
