# SPDX-License-Identifier: Apache-2.0
"""Tables as they are after a while: as many rows as one likes, few of them under way, people who come back."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from counterfoil_service.db.tables import metadata

APPLICATIONS = 20
UNDER_WAY = 200
"""One row in so many is not over yet."""
_START = 1_795_000_000_000_000
_SECOND = 1_000_000

Value = Callable[[int], Any]


def _every(rows: int, value: Any, otherwise: Any = None) -> Value:
    return lambda number: value if number % rows == 0 else otherwise


def _time(number: int) -> int:
    return _START + number * _SECOND


def _over(number: int) -> int | None:
    return None if number % UNDER_WAY == 0 else _time(number)


def _login_state(number: int) -> str:
    if number % UNDER_WAY < 2:
        return ("pending", "approved")[number % UNDER_WAY]
    return {5: "cancelled", 6: "expired", 7: "denied", 8: "locked"}.get(number % UNDER_WAY, "consumed")


_LIKE: Mapping[str, Value] = {
    "login_id": lambda number: f"logins id {number}",
    "session_id": lambda number: f"sessions id {number // 2}",
    "device_id": lambda number: f"devices id {number // 2}",
    "user_id": lambda number: f"users id {number // 4}",
    "subject": lambda number: f"users id {number // 4}",
    "application_id": lambda number: f"application {number % APPLICATIONS}",
    "name": lambda number: f"event {number % 30}",
    "outcome": _every(25, "failure", "success"),
    "source_prefix": lambda number: f"network {number // 9}",
    "browser": _every(10, b"some browser's cookie"),
}
"""Columns that say the same of what they stand in, wherever that is."""
_IN: Mapping[str, Value] = {
    "logins.state": _login_state,
    "logins.jkt": lambda number: f"key {number}",
    "logins.session_id": lambda number: f"sessions id {number}",
    "logins.mailbox": lambda number: sha256(b"mailbox %d" % (number // 4)).digest(),
    "logins.source_range": lambda number: sha256(b"range %d" % (number // 9)).digest(),
    "sessions.ended_at": lambda number: _time(number) if number % 2 else None,
    "outbox.state": _every(UNDER_WAY, "queued", "sent"),
    "outbox.ended_at": _over,
    "refresh_tokens.state": _every(3, "current", "used"),
    "audit_events.leaf_index": lambda number: None if number % UNDER_WAY == 0 else number,
    "audit_events.mailbox": lambda number: sha256(b"mailbox %d" % (number // 4)).digest(),
    "log_tiles.level": lambda number: min(number % 256, 1),
    "log_tiles.tile": lambda number: number,
}


def rows_of(table: Table, count: int) -> Iterator[dict[str, Any]]:
    """So many rows, the same each time."""
    values = {column.name: _value(table, column) for column in table.columns}
    for number in range(count):
        yield {name: value(number) for name, value in values.items()}


def columns_without(tables: Mapping[str, Table] = metadata.tables) -> list[str]:
    """What is named above and in no table any more."""
    there = {f"{table.name}.{column.name}" for table in tables.values() for column in table.columns}
    bare = {name.partition(".")[2] for name in there}
    return sorted({name for name in _IN if name not in there} | {name for name in _LIKE if name not in bare})


def _value(table: Table, column: "Column[Any]") -> Value:
    special = _IN.get(f"{table.name}.{column.name}") or _LIKE.get(column.name)
    if special is not None:
        return special
    if isinstance(column.type, LargeBinary):
        salt = f"{table.name}.{column.name} ".encode()
        return lambda number: sha256(salt + b"%d" % number).digest()
    if isinstance(column.type, BigInteger | Integer):
        return _time if column.name == "time" or column.name.endswith("_at") else lambda number: number
    return lambda number: f"{table.name} {column.name} {number}"
