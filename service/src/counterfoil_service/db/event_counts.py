# SPDX-License-Identifier: Apache-2.0
"""How many events there were, by time: what the console's plots and its overview are made of, instead of the log.

The row of width 0 says how many entries of the log are counted, so that each is counted once, whoever sealed it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, Text, case, cast, delete, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_buckets import ceiling, counted_by, cover, floor
from counterfoil_service.core.event_tally import Countable, Counted, Kind, step_of
from counterfoil_service.db.engine import ReadTransaction, Row, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import audit_events, event_counts

_c, _e = event_counts.c, audit_events.c
_MEMBERS = len(event_counts.columns)
_ENTRIES = Kind(0, 0, "", "", "", "")
_END_NAMES = {
    "collected": EventName.LOGIN_COMPLETED.value,
    "denied": EventName.LOGIN_DENIED.value,
    "locked": EventName.LOGIN_LOCKED.value,
    "expired": EventName.LOGIN_EXPIRED.value,
}


class Total(NamedTuple):
    """Events of one name, and of one mail provider where they name any, over some time.

    `logins`: of how many logins they were the first of their step, as `core.event_tally` says.
    """

    name: str
    provider: str
    events: int
    logins: int


class _Fields(msgspec.Struct, frozen=True):
    provider: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events count; None leaves it open."""

    name: str | None = None
    application_id: str | None = None
    outcome: Literal["success", "failure"] | None = None


class Bar(NamedTuple):
    """What was from `start` (microseconds UTC) on, for the width of a bar."""

    start: int
    successes: int
    failures: int


def _given_sqlite() -> "Select[Any]":
    rows = func.json_each(parameter("counts")).table_valued("value")
    members = [func.json_extract(rows.c.value, literal_column(f"'$[{number}]'")) for number in range(_MEMBERS)]
    # Without a condition SQLite takes ON CONFLICT for that of a join.
    return select(*members).select_from(rows).where(constant(1) == constant(1))


def _given_postgresql() -> "Select[Any]":
    rows = func.json_array_elements(cast(parameter("counts"), postgresql.JSON)).table_valued("value").render_derived()
    texts = [rows.c.value.op("->>")(constant(number)) for number in range(_MEMBERS)]
    return select(*(cast(text, column.type) for text, column in zip(texts, event_counts.columns, strict=True)))


def _adding(dialect: "Any", given: "Select[Any]") -> Executable:
    fresh = dialect.insert(event_counts).from_select(event_counts.columns.keys(), given)
    added = {name: _c[name] + fresh.excluded[name] for name in ("events", "logins")}
    body: Executable = fresh.on_conflict_do_update(index_elements=list(event_counts.primary_key), set_=added)
    return body


def _known(logins: "Any", login_id: "Any") -> "Select[Any]":
    """What earlier entries tell of these logins alone, without what their sessions did."""
    told = select(_e.login_id, _e.name).select_from(logins).join(audit_events, _e.login_id == login_id)
    return told.where(_e.session_id.is_(None), _e.leaf_index < parameter("index"))


_in_sqlite = func.json_each(parameter("logins")).table_valued("value")
_in_postgresql = (
    func.json_array_elements_text(cast(parameter("logins"), postgresql.JSON)).table_valued("value").render_derived()
)
_ADD_UP = Statement(_adding(sqlite, _given_sqlite()), postgresql=_adding(postgresql, _given_postgresql()))
_KNOWN = Statement(
    _known(_in_sqlite, _in_sqlite.c.value), postgresql=_known(_in_postgresql, cast(_in_postgresql.c.value, Text))
)
_ENTRIES_COUNTED = Statement(select(_c.events).where(_c.width == constant(0)))
# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_UNCOUNTED = Statement(
    select(_e.leaf_index, _e.time, _e.name, _e.outcome, _e.application_id, _e.login_id, _e.session_id, _e.fields)
    .where(_e.leaf_index >= parameter("index"))
    .order_by(_e.leaf_index)
    .limit(parameter("limit"))
    .offset(constant(0))
)
_stretch = (_c.width == parameter("width"), _c.bucket >= parameter("since"), _c.bucket < parameter("until"))
_TOTALS = Statement(
    select(_c.name, _c.provider, func.sum(_c.events), func.sum(_c.logins))
    .where(*_stretch)
    .group_by(_c.name, _c.provider)
)


def _either(name: str) -> "ColumnElement[bool]":
    return cast(parameter(name), Text).is_(None) | (_c[name] == parameter(name))


def _with_outcome(outcome: str) -> "ColumnElement[Any]":
    return func.sum(case((_c.outcome == constant(outcome), _c.events), else_=constant(0)))


_SERIES = Statement(
    select(_c.bucket, _with_outcome("success"), _with_outcome("failure"))
    .where(*_stretch, *(_either(name) for name in ("name", "application_id", "outcome")))
    .group_by(_c.bucket)
)
_collected = _c.name == parameter("collected")
_lost = _c.name.in_([parameter(name) for name in ("denied", "locked", "expired")])
_ENDS = Statement(
    select(
        _c.bucket,
        func.sum(case((_collected, _c.events), else_=constant(0))),
        func.sum(case((_lost, _c.events), else_=constant(0))),
    )
    .where(*_stretch, _collected | _lost)
    .group_by(_c.bucket)
)
_oldest = select(func.min(_c.bucket)).where(_c.width == parameter("width"), _c.bucket < parameter("before"))
_FORGET_OLDEST = Statement(
    delete(event_counts)
    .where(_c.width == parameter("width"), _c.bucket == _oldest.scalar_subquery())
    .returning(_c.bucket)
)


async def entries_counted(tx: ReadTransaction) -> int:
    """How many entries of the log, from its first on, are counted."""
    row = await tx.one(_ENTRIES_COUNTED, {})
    return 0 if row is None else int(row[0])


async def uncounted(tx: ReadTransaction, index: int, limit: int) -> list[Countable]:
    """At most `limit` entries of the log from `index` on, in its order."""
    rows = await tx.all(_UNCOUNTED, {"index": index, "limit": limit})
    return [Countable._make([*entry, _provider(fields)]) for *entry, fields in rows]


async def known_steps(tx: ReadTransaction, events: Iterable[Countable], index: int) -> set[tuple[str, str]]:
    """Of the logins that these events may tell a first step of: what the entries before `index` tell already."""
    logins = sorted({event.login_id for event in events if event.login_id and step_of(event.name, event.session_id)})
    if not logins:
        return set()
    rows = await tx.all(_KNOWN, {"logins": msgspec.json.encode(logins).decode(), "index": index})
    return {(login_id, step) for login_id, name in rows if (step := step_of(name, None))}


async def add_up(tx: Transaction, counts: Mapping[Kind, Counted], entries: int) -> None:
    """Add what `entries` further entries of the log came to."""
    rows = [(*kind, *counted) for kind, counted in (*counts.items(), (_ENTRIES, Counted(entries, 0)))]
    # `run` would have it wait among what only inserts.
    await tx.all(_ADD_UP, {"counts": msgspec.json.encode(rows).decode()})


async def forget_counts(tx: Transaction, width: int, *, before: int, limit: int) -> int:
    """Delete the oldest buckets of a width that begin before that time; how many rows: `limit` or more, or all."""
    forgotten = 0
    while forgotten < limit:
        rows = await tx.all(_FORGET_OLDEST, {"width": width, "before": before})
        if not rows:
            break
        forgotten += len(rows)
    return forgotten


async def totals(tx: ReadTransaction, since: int, until: int, now: int) -> list[Total]:
    """What was from `since` to before `until`; both ends are taken outwards as `core.event_buckets.cover` says."""
    queries = [(_TOTALS, msgspec.structs.asdict(stretch)) for stretch in cover(since, until, now)]
    sums = defaultdict[tuple[str, str], Counted](lambda: Counted(0, 0))
    for rows in await tx.gather(*queries):
        for name, provider, events, logins in rows:
            so_far = sums[name, provider]
            sums[name, provider] = Counted(so_far.events + int(events), so_far.logins + int(logins))
    return [Total(*kind, *counted) for kind, counted in sorted(sums.items())]


async def series(tx: ReadTransaction, wanted: Wanted, since: int, until: int, width: int) -> list[Bar]:
    """A bar for each `width` from the one around `since` to before `until`, also where there was nothing.

    `width` is one that `core.event_buckets.bar_width` gives, or another multiple of five minutes. Counts of narrow
    widths are deleted before those of wide ones: what is not kept any more comes as nothing.
    """
    rows = await tx.all(_SERIES, _buckets(since, until, width) | msgspec.structs.asdict(wanted))
    return _bars(rows, since, until, width)


async def login_ends(tx: ReadTransaction, since: int, until: int, width: int) -> list[Bar]:
    """Such bars of logins: a success was collected, a failure was denied, locked or expired."""
    return _bars(await tx.all(_ENDS, _buckets(since, until, width) | _END_NAMES), since, until, width)


def _bars(rows: Iterable[Row], since: int, until: int, width: int) -> list[Bar]:
    bars = {start: Bar(start, 0, 0) for start in range(floor(since, width), until, width)}
    for bucket, successes, failures in rows:
        bar = bars[floor(bucket, width)]
        bars[bar.start] = Bar(bar.start, bar.successes + int(successes), bar.failures + int(failures))
    return list(bars.values())


def _buckets(since: int, until: int, width: int) -> dict[str, Any]:
    return {"width": counted_by(width), "since": floor(since, width), "until": ceiling(until, width)}


def _provider(fields: str) -> str:
    try:
        return msgspec.json.decode(fields, type=_Fields).provider
    except msgspec.DecodeError:
        return ""  # somebody edited the entry: `audit verify` says so, and no other goes uncounted for it
