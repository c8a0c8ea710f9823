# SPDX-License-Identifier: Apache-2.0
"""Pages of the audit log, newest first, by any conditions, at a cost that does not grow with the log.

One condition leads: its index already has the page's order. The others are looked at on the way, over `SCANNED` events
at most; a page that found too few of them by then is short, and says where to go on.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, select, tuple_

from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.db.audit import StoredEvent, stored
from counterfoil_service.db.engine import ReadTransaction, Row
from counterfoil_service.db.log import Entry, entry_of
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import audit_events

SCANNED: Final = 2000
"""Events that are looked at for one page."""
_LEADERS: Final = ("login_id", "subject", "jkt", "source_prefix", "application_id", "name", "outcome")
"""Whichever usually narrows more, first. Of outcomes only failures have an index: most events are successes."""

_e = audit_events.c
_TIME, _POSITION = (list(_e.keys()).index(name) for name in ("time", "position"))


class Page(msgspec.Struct, frozen=True):
    """`following` None: there is nothing behind it."""

    events: list[StoredEvent]
    following: Cursor | None


class EntryPage(msgspec.Struct, frozen=True):
    """The same as entries of the log, with the bytes that are hashed."""

    entries: list[Entry]
    following: Cursor | None


async def page(tx: ReadTransaction, seal_key: bytes, wanted: EventFilter, after: Cursor | None, limit: int) -> Page:
    """At most `limit` events that fit, behind `after`."""
    rows, following = await _rows(tx, wanted, after, limit)
    return Page(await stored(tx, seal_key, rows), following)


async def entry_page(tx: ReadTransaction, wanted: EventFilter, after: Cursor | None, limit: int) -> EntryPage:
    """The same, of events that have no place in the log yet, too."""
    rows, following = await _rows(tx, wanted, after, limit)
    return EntryPage([entry_of(row) for row in rows], following)


async def _rows(
    tx: ReadTransaction, wanted: EventFilter, after: Cursor | None, limit: int
) -> tuple[Sequence[Row], Cursor | None]:
    equal = wanted.equal
    leader = leader_of(equal)
    start = after or Cursor(wanted.until, 0)
    values: dict[str, object] = {
        **equal,
        "since": wanted.since,
        "before_time": start.time,
        "before_position": start.position,
    }
    select_page, select_edge = _statements(leader, frozenset(equal))
    rows = await tx.all(select_page, {**values, "limit": limit, "scanned": SCANNED})
    if len(rows) == limit:
        return rows, Cursor(int(rows[-1][_TIME]), int(rows[-1][_POSITION]))
    if equal.keys() <= {leader}:
        return rows, None
    edge = await tx.one(select_edge, {**values, "scanned": SCANNED - 1})
    return rows, None if edge is None else Cursor(int(edge[0]), int(edge[1]))


def leader_of(equal: Mapping[str, str]) -> str | None:
    """The condition whose index is read, None for that of the time alone."""
    return next((name for name in _LEADERS if name in equal and (name, equal[name]) != ("outcome", "success")), None)


@cache
def _statements(leader: str | None, names: frozenset[str]) -> tuple[Statement, Statement]:
    """The page, and the last event that is looked at for it; with nothing but a leader each that is looked at fits."""
    order = (_e.time.desc(), _e.position.desc())
    conditions = [
        _e.time >= parameter("since"),
        tuple_(_e.time, _e.position) < tuple_(parameter("before_time"), parameter("before_position")),
        *([] if leader is None else [leading(leader)]),
    ]
    looked_at: Select[Any] = select(audit_events).where(*conditions).order_by(*order)
    edge = (
        select(_e.time, _e.position).where(*conditions).order_by(*order).limit(constant(1)).offset(parameter("scanned"))
    )
    rest = sorted(names - {leader})
    if rest:
        inner = looked_at.limit(parameter("scanned")).offset(constant(0)).subquery()
        fitting = select(inner).where(*(inner.c[name] == parameter(name) for name in rest))
        looked_at = fitting.order_by(inner.c.time.desc(), inner.c.position.desc())
    return Statement(looked_at.limit(parameter("limit")).offset(constant(0))), Statement(edge)


def leading(name: str) -> "ColumnElement[bool]":
    """A partial index is used only where its own words stand in the statement."""
    value: ColumnElement[Any] = constant("failure") if name == "outcome" else parameter(name)
    return _e[name] == value
