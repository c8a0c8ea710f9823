# SPDX-License-Identifier: Apache-2.0
"""Every statement of the service by a name that people can find: `logins._CONSUME[collect]`."""

import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from typing import Any

from counterfoil_service import db
from counterfoil_service.db import audit_pages
from counterfoil_service.db.prepared import Dialect, Statement


class _Nothing(Mapping[str, Any]):
    """Every parameter there is: a plan that holds for all values is made without any."""

    def __getitem__(self, name: str) -> None:
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def every_statement() -> dict[str, Statement]:
    """Those that the modules of `db` hold, and those that are made where they are first needed."""
    found: dict[str, Statement] = {}
    for module in pkgutil.iter_modules(db.__path__):
        held = vars(import_module(f"{db.__name__}.{module.name}"))
        for name, value in held.items():
            found |= dict(_within(f"{module.name}.{name}", value))
    return _only_once(found) | _pages()


def sql_of(statement: Statement, dialect: Dialect) -> tuple[str, int]:
    """Its text, and how many values it takes."""
    sql, values = statement.bind(dialect, _Nothing())
    return sql, len(values)


def _within(name: str, value: object) -> Iterator[tuple[str, Statement]]:
    if isinstance(value, Statement):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _within(f"{name}[{key.value if isinstance(key, Enum) else key}]", each)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _within(f"{name}[{number}]", each)


def _only_once(found: Mapping[str, Statement]) -> dict[str, Statement]:
    """Without those that one module has from another."""
    names = {id(statement): name for name, statement in reversed(list(found.items()))}
    return {name: statement for name, statement in found.items() if names[id(statement)] == name}


def _pages() -> dict[str, Statement]:
    """Each filter of the log by itself and with all others, and none: more filters at once look at no other rows."""
    leaders = audit_pages._LEADERS
    asked: list[tuple[str | None, frozenset[str]]] = [(None, frozenset()), (None, frozenset({"outcome"}))]
    for place, leader in enumerate(leaders):
        asked += [(leader, frozenset({leader})), (leader, frozenset(leaders[place:]))]
    found: dict[str, Statement] = {}
    for first, names in asked:
        page, edge = audit_pages._statements(first, names)
        by = f"{first or 'none'}{' and others' if names - {first} else ''}"
        found |= {f"audit_pages.page by {by}": page, f"audit_pages.edge by {by}": edge}
    return found
