# SPDX-License-Identifier: Apache-2.0
"""What the console's first page tells of queues, and of how long people take."""

from typing import Final

import msgspec
from sqlalchemy import case, func, select, tuple_

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.db.engine import ReadTransaction, Row
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import alert_pushes, audit_events, outbox

APPROVALS: Final = 500
"""The newest, of which the median is taken."""
_ALWAYS: Final = 2**63 - 1

_e, _o, _p = audit_events.c, outbox.c, alert_pushes.c


class Queue(msgspec.Struct, frozen=True):
    """How many wait, how many of them for no later moment, and since when the oldest of these (microseconds UTC)."""

    waiting: int
    due: int
    oldest: int | None


_MAIL_QUEUE = Statement(
    select(
        func.count(),
        func.sum(case((_o.due_at <= parameter("now"), constant(1)), else_=constant(0))),
        func.min(_o.due_at),
    ).where(_o.state == constant("queued"), _o.kind != constant("decoy"))
)
_PUSH_QUEUE = Statement(
    select(
        func.count(),
        func.sum(case((_p.due_at <= parameter("now"), constant(1)), else_=constant(0))),
        func.min(_p.due_at),
    ).where(_p.state == constant("queued"))
)
# Not by `name = …`: PostgreSQL would take the index of times, as it expects to meet the name soon, and would read the
# whole log for a rare one.
_place = tuple_(_e.name, _e.time)
_named = (
    _place >= tuple_(parameter("name"), parameter("since")),
    _place <= tuple_(parameter("name"), parameter("until")),
)
_newest_first = (_e.name.desc(), _e.time.desc(), _e.position.desc())
# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_APPROVALS = Statement(
    select(_e.time, _e.login_id, _e.session_id)
    .where(*_named)
    .order_by(*_newest_first)
    .limit(constant(APPROVALS))
    .offset(constant(0))
)
_NEWEST_OF = Statement(select(_e.time).where(*_named).order_by(*_newest_first).limit(constant(1)).offset(constant(0)))


async def mail_queue(tx: ReadTransaction, now: int) -> Queue:
    """Of mail that somebody is to get."""
    return _queue(await tx.one(_MAIL_QUEUE, {"now": now}), now)


async def push_queue(tx: ReadTransaction, now: int) -> Queue:
    """Of alerts on their way to where operators want them."""
    return _queue(await tx.one(_PUSH_QUEUE, {"now": now}), now)


async def newest_approvals(tx: ReadTransaction, since: int) -> dict[str, int]:
    """Logins that were approved last, `APPROVALS` at most, each with when: by a code, or by sending a browser home."""
    found: dict[str, int] = {}
    for name in (EventName.LOGIN_APPROVED, EventName.LOGIN_CODE_ISSUED):
        for time, login_id, session_id in await tx.all(_APPROVALS, _of(name, since)):
            # One with a session took a browser on to a further application.
            if login_id is not None and session_id is None:
                found[login_id] = min(int(time), found.get(login_id, int(time)))
    newest = sorted(found.items(), key=lambda each: each[1], reverse=True)
    return dict(newest[:APPROVALS])


async def newest_time_of(tx: ReadTransaction, name: EventName) -> int | None:
    """When the last event of a name was written, microseconds UTC; None for never."""
    row = await tx.one(_NEWEST_OF, _of(name, 0))
    return None if row is None else int(row[0])


def _of(name: EventName, since: int) -> dict[str, str | int]:
    return {"name": name.value, "since": since, "until": _ALWAYS}


def _queue(row: "Row | None", now: int) -> Queue:
    count, due, oldest = row or (0, None, None)
    return Queue(int(count), int(due or 0), int(oldest) if oldest is not None and oldest <= now else None)
