# SPDX-License-Identifier: Apache-2.0
"""Small builders, so that each noun's module reads as its list of statements."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    func,
    insert,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite

from counterfoil_service.db.prepared import Statement


def parameter(name: str) -> "BindParameter[object]":
    """A parameter by its name."""
    return bindparam(name)


def constant(value: str | int) -> "ColumnElement[object]":
    """A value of our own in the text of a statement; never anything from outside."""
    if isinstance(value, str) and not value.replace("_", "").isalpha():
        raise ValueError("a constant is a bare word or a number")
    return literal_column(f"'{value}'" if isinstance(value, str) else str(value))


def constants(values: Iterable[str]) -> "list[ColumnElement[object]]":
    """Several, in a stable order, so that the text of the statement is the same in every process."""
    return [constant(value) for value in sorted(values)]


def insert_row(table: Table, *, omit: frozenset[str] = frozenset()) -> Insert:
    """INSERT with one parameter for each column, named as the column."""
    columns = [column.name for column in table.columns if column.name not in omit]
    return insert(table).values({name: bindparam(name) for name in columns}).inline()


def first_rows(rows: "Select[Any]") -> "Select[Any]":
    """As many as the parameter `limit` says."""
    # Without an offset of ours the SQLite dialect would bind one, as a literal value.
    return rows.limit(parameter("limit")).offset(constant(0))


def due_rows(rows: "Select[Any]", by: "Column[Any]") -> "Select[Any]":
    """At most `limit` rows that no other worker holds, by their time. SQLite drops the lock clause: it has one writer.

    Without an order PostgreSQL may look for the first ones through the whole table, where it expects many.
    """
    return first_rows(rows.order_by(by)).with_for_update(skip_locked=True)


def any_due(key: "ColumnElement[Any]", due: "Select[Any]") -> "ColumnElement[bool]":
    """Whether `key` is among the `due_rows`, as PostgreSQL finds it by an index whatever the limit will be.

    Of a subquery with a limit that it does not know it expects a tenth of the table, and reads all of it to join that.
    """
    return key == func.any(func.array(due.scalar_subquery()))


def change_due(change: "Delete | Update", key: "ColumnElement[Any]", due: "Select[Any]") -> Statement:
    """Change the rows whose `key` is among the `due_rows`."""
    return Statement(change.where(key.in_(due)), postgresql=change.where(any_due(key, due)))


def insert_or_keep(table: Table, returning: "Column[Any]") -> Statement:
    """INSERT that writes an existing row anew as it is; this column comes back, of the row that is there then.

    For `all` and `gather` alone: `run` would have it wait among what only inserts.
    """
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
    lite, post = (
        dialect.insert(table)
        .values(values)
        .on_conflict_do_update(index_elements=list(table.primary_key), set_={returning.name: returning})
        .returning(returning)
        for dialect in (sqlite, postgresql)
    )
    return Statement(lite, postgresql=post)


def insert_unless_there(table: Table, returning: "Column[Any] | None" = None) -> Statement:
    """INSERT that leaves an existing row alone; with `returning`, a row comes back only where one was written."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
    # Each dialect has its own construct for the same words.
    bodies = [dialect.insert(table).values(values).on_conflict_do_nothing() for dialect in (sqlite, postgresql)]
    lite, post = bodies if returning is None else [body.returning(returning) for body in bodies]
    return Statement(lite, postgresql=post)
