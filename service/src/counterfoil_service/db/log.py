# SPDX-License-Identifier: Apache-2.0
"""The audit log as a tree: which events wait for their place, the tiles, and the checkpoints that were signed."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Update, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.leaf import Leaf, leaf_bytes, rfc3339
from counterfoil_service.db.engine import ReadTransaction, Transaction
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, insert_row, parameter
from counterfoil_service.db.tables import audit_events, checkpoints, log_tiles

MOST_COUNTED: Final = 10_000
"""Events without a place are counted up to here: more is no news, and would take as long as it is many."""
_MILLISECOND = 1000
_e, _t, _c = audit_events.c, log_tiles.c, checkpoints.c
_REFERENCES = ("outcome", "reason", "login_id", "application_id", "session_id", "subject", "jkt")
_LEAF = (_e.position, _e.leaf_index, _e.id, _e.time, _e.name, _e.fields, _e.sealed, *(_e[name] for name in _REFERENCES))

_PLACES = [audit_events.columns.keys().index(column.name) for column in _LEAF]


class Entry(msgspec.Struct, frozen=True):
    """An event as a row: `index` is its place in the log, None while it waits for one.

    `data` is the leaf's canonical bytes, what is hashed. Both are None for a row that `audit.append` has not written.
    """

    position: int
    index: int | None
    leaf: Leaf | None
    data: bytes | None


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """One row; `note` is the signed note, `time` microseconds UTC."""

    size: int
    root: bytes
    time: int
    note: str


def _placing_sqlite() -> Update:
    given = func.json_each(parameter("positions")).table_valued("key", "value")
    index = parameter("first") + given.c.key
    return update(audit_events).where(_e.position == given.c.value).values(leaf_index=index)


def _placing_postgresql() -> Update:
    positions = cast(parameter("positions"), postgresql.JSON)
    elements = func.json_array_elements_text(positions).table_valued("value", with_ordinality="number")
    given = elements.render_derived()
    index = cast(parameter("first"), BigInteger) + given.c.number - constant(1)
    return update(audit_events).where(_e.position == cast(given.c.value, BigInteger)).values(leaf_index=index)


# Without an offset of ours the SQLite dialect would bind one, as a literal value.
_PENDING = Statement(
    select(*_LEAF).where(_e.leaf_index.is_(None)).order_by(_e.position).limit(parameter("limit")).offset(constant(0))
)
_WAITING = Statement(
    select(_e.position).where(_e.leaf_index.is_(None)).order_by(_e.position).limit(constant(1)).offset(constant(0))
)
_unplaced = (
    select(_e.time)
    .where(_e.leaf_index.is_(None))
    .order_by(_e.position)
    .limit(constant(MOST_COUNTED))
    .offset(constant(0))
    .subquery()
)
_BACKLOG = Statement(select(func.count(), func.min(_unplaced.c.time)))
_FROM = Statement(
    select(*_LEAF)
    .where(_e.leaf_index >= parameter("index"))
    .order_by(_e.leaf_index)
    .limit(parameter("limit"))
    .offset(constant(0))
)
_LAST_INDEX = Statement(
    select(_e.leaf_index)
    .where(_e.leaf_index.is_not(None))
    .order_by(_e.leaf_index.desc())
    .limit(constant(1))
    .offset(constant(0))
)
_FIRST_INDEX = Statement(
    select(_e.leaf_index)
    .where(_e.leaf_index.is_not(None))
    .order_by(_e.leaf_index)
    .limit(constant(1))
    .offset(constant(0))
)
_NEWEST_TIME = Statement(
    select(func.max(_e.time)).where(_e.leaf_index >= parameter("start"), _e.leaf_index < parameter("end"))
)
_REMOVE_BELOW = Statement(delete(audit_events).where(_e.leaf_index < parameter("index")))
_PLACE = Statement(_placing_sqlite(), postgresql=_placing_postgresql())
_CUT_TIMES = Statement(
    update(audit_events)
    .where(
        _e.leaf_index.is_(None), _e.position <= parameter("position"), _e.time % constant(_MILLISECOND) != constant(0)
    )
    .values(time=_e.time - _e.time % constant(_MILLISECOND))
)
_TILE = Statement(select(_t.hashes).where(_t.level == parameter("level"), _t.tile == parameter("tile")))
_LATEST = Statement(select(checkpoints).order_by(_c.size.desc()).limit(constant(1)).offset(constant(0)))
_ADD_CHECKPOINT = Statement(insert_row(checkpoints))


def _writing(dialect: "Any") -> Executable:
    fresh = dialect.insert(log_tiles).values(
        {"level": parameter("level"), "tile": parameter("tile"), "hashes": parameter("hashes")}
    )
    body: Executable = fresh.on_conflict_do_update(
        index_elements=[_t.level, _t.tile], set_={"hashes": fresh.excluded.hashes}
    )
    return body


_WRITE_TILE = Statement(_writing(sqlite), postgresql=_writing(postgresql))


async def pending(tx: ReadTransaction, *, limit: int) -> list[Entry]:
    """Events that have no place yet, the oldest first."""
    return [_entry(row) for row in await tx.all(_PENDING, {"limit": limit})]


async def waiting(tx: ReadTransaction) -> bool:
    """Whether any has none."""
    return await tx.one(_WAITING, {}) is not None


async def backlog(tx: ReadTransaction) -> tuple[int, int | None]:
    """How many have none, `MOST_COUNTED` at most, and when the oldest of them was written (microseconds UTC)."""
    row = await tx.one(_BACKLOG, {})
    return (0, None) if row is None else (int(row[0]), None if row[1] is None else int(row[1]))


async def entries(tx: ReadTransaction, index: int, limit: int) -> list[Entry]:
    """At most `limit` entries of the log from `index` on, in its order."""
    return [_entry(row) for row in await tx.all(_FROM, {"index": index, "limit": limit})]


async def last_index(tx: ReadTransaction) -> int:
    """The place of the last entry; -1 before the first."""
    row = await tx.one(_LAST_INDEX, {})
    return -1 if row is None else int(row[0])


async def first_index(tx: ReadTransaction) -> int:
    """The place of the first entry that is still there: above 0 once the log was pruned; 0 while there is none."""
    row = await tx.one(_FIRST_INDEX, {})
    return 0 if row is None else int(row[0])


async def newest_time(tx: ReadTransaction, start: int, end: int) -> int:
    """The latest time of the entries from `start` to before `end`, microseconds UTC."""
    row = await tx.one(_NEWEST_TIME, {"start": start, "end": end})
    return 0 if row is None or row[0] is None else int(row[0])


async def remove_below(tx: Transaction, index: int) -> None:
    """Delete the entries before this place; their hashes stay in the tiles."""
    await tx.run(_REMOVE_BELOW, {"index": index})


async def place(tx: Transaction, positions: Sequence[int], first: int) -> None:
    """Give the oldest events, at ascending positions, the places from `first` on, each time in a leaf's precision.

    Replicas of an older release still write more. That has a statement of its own, which finds nothing as a rule: every
    index that a time is in would be written once more, and one statement for all saves a round trip an event.
    """
    await tx.run(_CUT_TIMES, {"position": positions[-1]})
    await tx.run(_PLACE, {"positions": msgspec.json.encode(positions).decode(), "first": first})


async def tile(tx: ReadTransaction, level: int, number: int) -> bytes:
    """A tile's hashes so far; empty when there is none."""
    row = await tx.one(_TILE, {"level": level, "tile": number})
    return b"" if row is None else bytes(row[0])


async def write_tile(tx: Transaction, level: int, number: int, hashes: bytes) -> None:
    """Store a tile, in place of what was there of it."""
    await tx.run(_WRITE_TILE, {"level": level, "tile": number, "hashes": hashes})


async def latest_checkpoint(tx: ReadTransaction) -> SignedCheckpoint | None:
    """The newest, or None before the first."""
    row = await tx.one(_LATEST, {})
    return None if row is None else _checkpoint(row)


async def add_checkpoint(tx: Transaction, checkpoint: SignedCheckpoint) -> None:
    """Keep a signed one for good."""
    await tx.run(_ADD_CHECKPOINT, msgspec.structs.asdict(checkpoint))


def entry_of(row: "Sequence[Any]") -> Entry:
    """A whole row of `audit_events`."""
    return _entry([row[place] for place in _PLACES])


def _entry(row: "Any") -> Entry:
    position, index, *columns = row
    leaf, data = _spelt(index, *columns) or (None, None)
    return Entry(int(position), None if index is None else int(index), leaf, data)


def _spelt(
    index: int | None, event_id: bytes, time: int, name: str, fields: str, sealed: bytes | None, *references: str
) -> tuple[Leaf, bytes] | None:
    try:
        leaf = Leaf(
            id=bytes(event_id).hex(),
            time=rfc3339(time),
            type=name,
            fields=msgspec.json.decode(fields, type=dict[str, str | int]),
            sealed=None if sealed is None else base64url(bytes(sealed)),
            **dict(zip(_REFERENCES, references, strict=True)),  # type: ignore[arg-type]  # `leaf_bytes` checks every member
        )
        data = leaf_bytes(leaf)
    except (TypeError, ValueError, OverflowError, msgspec.DecodeError):
        return None
    return None if index is not None and time % _MILLISECOND else (leaf, data)


def _checkpoint(row: "Any") -> SignedCheckpoint:
    return SignedCheckpoint(int(row[0]), bytes(row[1]), int(row[2]), str(row[3]))
