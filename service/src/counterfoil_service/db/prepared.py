# SPDX-License-Identifier: Apache-2.0
"""Statements written once in SQLAlchemy Core, compiled once per engine to text and parameter order.

The drivers' own cursors run the text: Core's execution costs several times the statement itself. Columns hold integers,
bytes and text alone, so no type processing is lost by that; what would need some is refused here.
"""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Boolean, Insert, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Dialect = Literal["sqlite", "postgresql"]

_DIALECTS = {"sqlite": sqlite.dialect, "postgresql": asyncpg.dialect}


class UnpreparableError(TypeError):
    """A statement that raw cursors would run otherwise than Core: mend the statement."""


class Statement:
    """One statement; `bind` gives what a cursor of that engine needs."""

    __slots__ = ("_bodies", "_compiled", "inserts", "writes")

    def __init__(self, body: Executable, *, postgresql: Executable | None = None) -> None:
        self.inserts = isinstance(body, Insert)
        """It adds rows and changes none."""
        self.writes = not isinstance(body, Select) or body._for_update_arg is not None  # noqa: SLF001 - Core has no other way to ask
        """It needs a transaction: it changes or holds rows."""
        self._bodies: dict[Dialect, Executable] = {
            "sqlite": body,
            "postgresql": body if postgresql is None else postgresql,
        }
        self._compiled: dict[Dialect, tuple[str, tuple[str, ...]]] = {}

    def bind(self, dialect: Dialect, parameters: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The text, and the parameters in the order in which it names them."""
        sql, names = self._compiled.get(dialect) or self._compile(dialect)
        return sql, tuple([parameters[name] for name in names])

    def text(self, dialect: Dialect) -> tuple[str, int]:
        """The text, and how many parameters it has."""
        sql, names = self._compiled.get(dialect) or self._compile(dialect)
        return sql, len(names)

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
        compiled = self._compiled[dialect] = _compile(self._bodies[dialect], dialect)
        return compiled


def _compile(body: Executable, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    compiled = body.compile(dialect=_DIALECTS[dialect]())  # type: ignore[attr-defined,no-untyped-call]  # every Executable compiles, by a dialect without types
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - narrows the type for mypy
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise UnpreparableError("column defaults would not be applied: give every column a parameter")
    for parameter, name in compiled.bind_names.items():
        if parameter.expanding or parameter.literal_execute:
            raise UnpreparableError(f"{name} expands at execution: spell the values out")
        if parameter.value is not None or parameter.callable is not None:
            raise UnpreparableError(f"{name} carries a literal value: use literal_column or bindparam")
        if isinstance(parameter.type, Boolean):
            raise UnpreparableError(f"{name} is a boolean: store an integer")
    return compiled.string, tuple(compiled.positiontup or ())
