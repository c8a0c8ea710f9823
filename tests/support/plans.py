# SPDX-License-Identifier: Apache-2.0
"""How an engine would run a statement, and what is wrong with that once its tables have grown."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from counterfoil_service.db.prepared import Statement
from support.statements import sql_of

GROWING = frozenset({
    "alert_pushes", "alerts", "audit_events", "authorization_codes", "checkpoints", "cookies", "devices",
    "event_counts", "log_tiles", "logins", "mail_reports", "mailbox_keys", "mailings", "outbox", "proofs",
    "refresh_tokens", "sessions", "suppressions", "users",
})  # fmt: skip
"""Tables with a row for each person, sign-in, request or event."""

SMALL: Mapping[str, str] = {
    "applications": "one row for each that an operator registered",
    "audit_sinks": "one row for each sink in the settings",
    "cosignatures": "one row for each witness in the settings",
    "four_eyes": "one row for each that an operator asked for, for thirty days",
    "leases": "one row for each kind of work that replicas share",
    "operator_links": "one row for each that was printed, until it has expired",
    "operator_tokens": "some for each operator, made by hand",
    "operators": "one row for each, added by hand",
    "saved_searches": "some for each operator, made by hand",
    "secrets": "a handful of names",
    "signing_keys": "one row for each rotation",
}
"""Tables that no amount of use makes large, and why."""

UNDER_WAY: Mapping[str, str] = {
    "ix_alert_pushes_due_at": "alerts that are still to be pushed",
    "ix_alerts_unseen_kind_last_at": "alerts that nobody has acknowledged",
    "ix_alerts_unseen_last_at": "alerts that nobody has acknowledged",
    "ix_audit_events_unsealed": "events that wait for the sealer, which runs every second",
    "ix_logins_browser": "open logins",
    "ix_logins_open_expires_at": "open logins, which end within minutes",
    "ix_outbox_due_at": "mail that still waits to leave",
    "uq_alerts_unseen": "alerts that nobody has acknowledged",
    "uq_logins_one_pending": "pending logins",
}
"""Partial indexes that hold what is under way and nothing else: to read all of one is no scan of what grows."""

_VALUES = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'it'"
_SCAN = re.compile(r"SCAN (?P<what>\S+)(?: USING (?:COVERING )?INDEX (?P<index>\S+))?")
_MADE = re.compile(r"anon_\d+|CONSTANT")
"""What a statement makes itself: its limited inner part, the list in a parameter."""


def wrong_on_sqlite(path: Path, statements: Mapping[str, Statement]) -> dict[str, list[str]]:
    """What each does that grows, in a migrated file."""
    with closing(sqlite3.connect(path)) as lite:
        return {name: _wrong_on_sqlite(lite, statement) for name, statement in statements.items()}


def _wrong_on_sqlite(lite: sqlite3.Connection, statement: Statement) -> list[str]:
    sql, values = sql_of(statement, "sqlite")
    steps = [str(row[3]) for row in lite.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * values)]
    wrong = [said for step in steps if (said := _scanned(step))]
    grows = any(re.search(rf"(SCAN|SEARCH) {table}\b", step) for step in steps for table in GROWING)
    sorts = [f"sorts: {step}" for step in steps if grows and step.startswith("USE TEMP B-TREE")]
    return [*wrong, *sorts, *_takes_any(sql)]


def _takes_any(sql: str) -> Iterator[str]:
    """The first rows that fit, in no order: an engine that expects many looks for them through the whole table."""
    for before in sql.split("LIMIT")[:-1]:
        if "ORDER BY" not in before.rpartition("SELECT")[2]:
            yield "takes any rows: a limit without an order"


def _scanned(step: str) -> str | None:
    """A name that is neither a small table nor made by the statement is one that grows, or stands for one."""
    found = _SCAN.match(step)
    if found is None or found["what"] in SMALL or _MADE.fullmatch(found["what"]) or found["index"] in UNDER_WAY:
        return None
    return f"scans: {step}"


async def wrong_on_postgresql(url: str, statements: Mapping[str, Statement]) -> dict[str, list[str]]:
    """The same in a filled and analysed database, by the plan that is made once for all values."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plans = {name: await _plan(connection, statement) for name, statement in statements.items()}
        texts = {name: sql_of(statement, "postgresql")[0] for name, statement in statements.items()}
        return {name: [*_wrong_on_postgresql(plan), *_takes_any(texts[name])] for name, plan in plans.items()}
    finally:
        await connection.close()


async def _plan(connection: Any, statement: Statement) -> dict[str, Any]:
    sql, _ = sql_of(statement, "postgresql")
    await connection.execute(f"PREPARE it AS {sql}")
    try:
        values = await connection.fetchval(_VALUES)
        given = f"({', '.join(['NULL'] * values)})" if values else ""
        told = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE it{given}")
    finally:
        await connection.execute("DEALLOCATE it")
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


def _wrong_on_postgresql(node: Mapping[str, Any]) -> Iterator[str]:
    kind, table, index = node["Node Type"], node.get("Relation Name"), node.get("Index Name")
    if kind.endswith("Seq Scan") and table not in SMALL:
        yield f"scans: {kind} on {table}"
    if index is not None and "Index Cond" not in node and index not in UNDER_WAY and table not in SMALL:
        yield f"scans: {kind} over all of {index}"
    if kind.endswith("Sort") and _reads_what_grows(node):
        yield f"sorts: {kind} by {', '.join(node['Sort Key'])}"
    for below in node.get("Plans", ()):
        yield from _wrong_on_postgresql(below)


def _reads_what_grows(node: Mapping[str, Any]) -> bool:
    """Without a limit in between: what was limited is no more than that."""
    if node["Node Type"] == "Limit":
        return False
    return node.get("Relation Name") in GROWING or any(_reads_what_grows(below) for below in node.get("Plans", ()))
