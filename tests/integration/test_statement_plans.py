# SPDX-License-Identifier: Apache-2.0
"""No statement looks through a table that grows: each is explained by both engines, in tables that have grown.

SQLite makes its plans without statistics, as the service never gathers any, and once more with those that an operator
may have gathered. PostgreSQL makes the plan that it would keep for every value.
"""

import ast
import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import delete, func, select, update

import counterfoil_service
from benchmarks.harness.bulk import put
from counterfoil_service.db import migrate
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.statements import constant, parameter
from counterfoil_service.db.tables import audit_events, logins, metadata, outbox, sessions, users
from support.grown import columns_without, rows_of
from support.plans import GROWING, SMALL, UNDER_WAY, wrong_on_postgresql, wrong_on_sqlite
from support.postgres import PostgresServer
from support.statements import every_statement

Wrong = Mapping[str, list[str]]

ROWS = {"sqlite": 4_000, "postgresql": 20_000}
FEW = 12
ENGINES = tuple(ROWS)
STATEMENTS = every_statement()

FROM_ITS_END = "takes the first entry from one end of an index"
BY_HAND = "an operator's command that means all of them"
ONE_LOGIN = "sorts the events of one login"
ONE_PERSON = "sorts what one person has"
ADDED_UP = "adds up the counts of few buckets by their names"
FEW_REQUESTS = "sorts requests for a second person that nobody has forgotten yet"
LOOKED_AT = "sorts the events that were looked at for a page, 2,000 at most"

MAY = {
    "audit._OF_LOGIN": ONE_LOGIN,
    "audit_pages.edge by login_id": ONE_LOGIN,
    "audit_pages.edge by login_id and others": ONE_LOGIN,
    "audit_pages.page by application_id and others": LOOKED_AT,
    "audit_pages.page by jkt and others": LOOKED_AT,
    "audit_pages.page by login_id": ONE_LOGIN,
    "audit_pages.page by login_id and others": ONE_LOGIN,
    "audit_pages.page by name and others": LOOKED_AT,
    "audit_pages.page by none and others": LOOKED_AT,
    "audit_pages.page by source_prefix and others": LOOKED_AT,
    "audit_pages.page by subject and others": LOOKED_AT,
    "cosignatures._NEWEST": "sorts one row for each witness",
    "devices._FORGET_AT": BY_HAND,
    "devices._LIST": BY_HAND,
    "devices._OF_USER": ONE_PERSON,
    "device_pages._SESSIONS": ONE_PERSON,
    "four_eyes._ABOUT": FEW_REQUESTS,
    "four_eyes._GRANTED": FEW_REQUESTS,
    "four_eyes._WAITING": FEW_REQUESTS,
    "event_counts._TOTALS": ADDED_UP,
    "event_moments._MOMENTS[login_id]": ONE_LOGIN,
    "log._FIRST_INDEX": FROM_ITS_END,
    "log._LAST_INDEX": FROM_ITS_END,
    "log._LATEST": FROM_ITS_END,
    "mailbox_pages._DEVICES": ONE_PERSON,
    "mailbox_pages._SESSIONS": ONE_PERSON,
    "relays._WAITING": BY_HAND,
    "sessions._END[application_id]": BY_HAND,
    "sessions._END_EVERY": BY_HAND,
    "sessions._LAST_OF": ONE_PERSON,
    "sessions._LIVING": BY_HAND,
    "sessions._LIVING_OF": ONE_PERSON,
    "suppressions._LIST": BY_HAND,
    "users._LIST": BY_HAND,
}
"""Statements that scan or sort all the same, and why they may."""

MADE_IN = {
    "audit_pages._statements": "each filter has its own; `support.statements` asks for them",
    "statements.change_due": "called where modules begin",
    "statements.insert_or_keep": "called where modules begin",
    "statements.insert_unless_there": "called where modules begin",
}
"""Functions that make statements."""

_other = logins.alias("other")
PLANTED = {
    "a look at every login": Statement(select(logins.c.id).where(logins.c.address == parameter("address"))),
    "a look at every login by another name": Statement(
        select(_other.c.id).where(_other.c.address == parameter("address"))
    ),
    "a change by a column without an index": Statement(
        update(outbox).where(outbox.c.recipient == parameter("recipient")).values(attempts=parameter("attempts"))
    ),
    "a deletion by a function of an indexed column": Statement(
        delete(users).where(func.lower(users.c.id) == parameter("id"))
    ),
    "a count": Statement(select(func.count()).select_from(audit_events)),
    "all of an index": Statement(
        select(sessions.c.id).where(sessions.c.ended_at.is_(None), sessions.c.scope == parameter("scope"))
    ),
    "the first rows in no order": Statement(
        select(sessions.c.id)
        .where(sessions.c.user_id == parameter("user_id"))
        .limit(parameter("limit"))
        .offset(constant(0))
    ),
    "a sort before a limit": Statement(
        select(audit_events.c.id)
        .where(audit_events.c.name == parameter("name"))
        .order_by(audit_events.c.id)
        .limit(parameter("limit"))
        .offset(constant(0))
    ),
}
"""What must be found."""


@pytest.fixture(scope="module")
def sqlite_paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Without statistics, and with them."""
    paths = [tmp_path_factory.mktemp("plans") / f"{name}.db" for name in ("plain", "analysed")]
    for path in paths:
        migrate.move(path)
    asyncio.run(_fill(f"sqlite:///{paths[-1]}", ROWS["sqlite"]))
    with closing(sqlite3.connect(paths[-1])) as lite:
        lite.execute("ANALYZE")
        lite.commit()
    return paths


@pytest.fixture(scope="module")
def filled_postgres_url(postgres_server: PostgresServer) -> str:
    """Full and analysed."""
    url = postgres_server.migrated_database()
    asyncio.run(_filled_postgresql(url))
    return url


async def _filled_postgresql(url: str) -> None:
    await _fill(url, ROWS["postgresql"])
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def _fill(url: str, count: int) -> None:
    for name, table in metadata.tables.items():
        await put(url, name, list(rows_of(table, count if name in GROWING else FEW)))


def explained(request: pytest.FixtureRequest, engine: str, statements: Mapping[str, Statement]) -> Wrong:
    if engine == "postgresql":
        return asyncio.run(wrong_on_postgresql(request.getfixturevalue("filled_postgres_url"), statements))
    plain, analysed = (wrong_on_sqlite(path, statements) for path in request.getfixturevalue("sqlite_paths"))
    return {name: plain[name] + [f"analysed: {said}" for said in analysed[name]] for name in statements}


@pytest.fixture(scope="module")
def wrong(request: pytest.FixtureRequest) -> dict[str, Wrong]:
    """Of every statement, by engine."""
    return {engine: explained(request, engine, STATEMENTS) for engine in ENGINES}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_neither_scans_nor_sorts_what_grows(name: str, engine: str, wrong: dict[str, Wrong]) -> None:
    found = [] if name in MAY else wrong[engine][name]
    assert found == []


def test_whatever_may_scan_or_sort_does(wrong: dict[str, Wrong]) -> None:
    """Else the exception would outlive its reason."""
    idle = [name for name in MAY if not any(wrong[engine].get(name) for engine in ENGINES)]
    assert idle == [], "not needed, or no statement's name"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("what", PLANTED)
def test_a_statement_that_scans_or_sorts_is_found(what: str, engine: str, request: pytest.FixtureRequest) -> None:
    assert explained(request, engine, {what: PLANTED[what]})[what] != []


def test_every_table_either_grows_or_is_said_to_be_small() -> None:
    assert sorted([*GROWING, *SMALL]) == sorted(metadata.tables), "say of a new table whether it grows"


def test_what_is_named_as_under_way_is_a_partial_index_of_a_table_that_grows() -> None:
    partial = {
        str(index.name)
        for name in GROWING
        for index in metadata.tables[name].indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert set(UNDER_WAY) <= partial


def test_the_columns_that_are_filled_with_care_are_those_of_the_tables() -> None:
    assert columns_without() == []


COUNT = """
import gc, pkgutil
from importlib import import_module
from counterfoil_service import db
from counterfoil_service.db.prepared import Statement
for module in pkgutil.iter_modules(db.__path__):
    import_module(f"{db.__name__}.{module.name}")
print(sum(isinstance(each, Statement) for each in gc.get_objects()))
"""


def test_every_statement_that_the_modules_hold_is_among_those_that_are_explained() -> None:
    """However it is held: a process that has loaded the modules and nothing else counts what there is."""
    counted = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, timeout=60)
    held = [name for name in STATEMENTS if not name.startswith("audit_pages.")]
    assert int(counted.stdout) == len(held)


def test_statements_are_made_where_their_module_begins_or_by_functions_that_are_known() -> None:
    folder = Path(counterfoil_service.__file__).parent
    makers = {
        f"{path.stem}.{function.name}"
        for path in folder.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(_makes_one(each) for each in ast.walk(function))
    }
    assert makers == set(MADE_IN)


def test_statements_are_made_in_db_alone() -> None:
    folder = Path(counterfoil_service.__file__).parent
    outside = [path.stem for path in folder.rglob("*.py") if path.parent.name != "db"
               and any(_makes_one(each) for each in ast.walk(ast.parse(path.read_text("utf-8"))))]  # fmt: skip
    assert outside == []


def _makes_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Statement"
