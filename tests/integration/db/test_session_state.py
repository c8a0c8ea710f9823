# SPDX-License-Identifier: Apache-2.0
"""Connections are reset by nothing, so nothing may leave state in one: a look through every text of the service."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "service" / "src" / "counterfoil_service"
STATE = {
    "a session setting": r"\bSET\s+(SESSION|TIME\s+ZONE|search_path|statement_timeout|application_name)\b",
    "a role": r"^\s*SET\s+ROLE\b",
    "set_config beyond the transaction": r"\bset_config\s*\([^)]*\bfalse\b",
    "a session lock": r"\bpg_(try_)?advisory_lock(_shared)?\s*\(",
    "LISTEN by hand": r"^\s*(UN)?LISTEN\b",
    "a temporary table": r"\bCREATE\s+(LOCAL\s+)?TEMP(ORARY)?\b",
    "a prepared statement by hand": r"^\s*(PREPARE|DEALLOCATE)\b",
    "a cursor beyond the transaction": r"\bWITH\s+HOLD\b",
}
CALLS = {"add_listener": {"db/postgresql.py"}, "set_type_codec": set[str](), "set_builtin_type_codec": set[str]()}


def violations(source: str, name: str) -> list[str]:
    """What a source file does that outlives a transaction."""
    tree = ast.parse(source)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [what for what, pattern in STATE.items() if re.search(pattern, node.value, re.IGNORECASE)]
        elif isinstance(node, ast.Attribute) and node.attr in CALLS and name not in CALLS[node.attr]:
            found.append(node.attr)
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_statement_leaves_state_in_its_connection(path: Path) -> None:
    assert violations(path.read_text("utf-8"), str(path.relative_to(SOURCE))) == []


@pytest.mark.parametrize(
    "planted",
    [
        'text("SET SESSION statement_timeout = 5")',
        "text(\"SET TIME ZONE 'UTC'\")",
        'connection.execute("SELECT pg_advisory_lock(5)")',
        'connection.execute(f"SELECT pg_try_advisory_lock({number})")',
        'connection.execute("LISTEN counterfoil")',
        "connection.execute(\"select set_config('a', 'b', false)\")",
        'text("CREATE TEMPORARY TABLE t (id int)")',
        'text("""\\n  PREPARE x AS SELECT 1""")',
        "connection.add_listener('x', callback)",
        "connection.set_type_codec('json')",
    ],
)
def test_the_look_would_find_it(planted: str) -> None:
    assert violations(planted, "operations/start_login.py")


@pytest.mark.parametrize(
    "planted",
    ['text("SELECT pg_advisory_xact_lock($1)")', 'text("SET LOCAL lock_timeout = 5")', 'text("UPDATE t SET role = 1")'],
)
def test_what_ends_with_its_transaction_is_allowed(planted: str) -> None:
    assert violations(planted, "operations/start_login.py") == []
