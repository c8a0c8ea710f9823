# SPDX-License-Identifier: Apache-2.0
"""A database that the first release left behind, with rows in every table, is taken along and goes on being used.

The rows are this release's own, cut down to what the first schema has: what people, devices and the log hold stays good
only if each migration leaves it so.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from counterfoil_service.db import migrate
from counterfoil_service.operations.disable_user import disable_user
from support import acting
from support.auditor import seal
from support.http import refused
from support.migrating import look, move
from support.stage import Asked, OpenStage, Stage
from support.tokens import SignedIn, call, present, renew, sign_in

FIRST = "0001"
APP = "old-app"
ADA, BOB, CLEO = "ada@example.com", "bob@example.com", "cleo@example.com"
Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Before:
    """What people hold when the service is stopped to be upgraded."""

    signed: SignedIn
    first_token: str
    waiting: Asked
    secret: str
    decoy: Asked
    names: list[str]
    now: int
    rows: Rows


def _columns(connection: Connection) -> dict[str, list[str]]:
    asked = inspect(connection)
    tables = set(asked.get_table_names()) - {"alembic_version"}
    names = {table: [each["name"] for each in asked.get_columns(table)] for table in sorted(tables)}
    names["audit_events"].remove("position")  # the database gives it
    return names


async def _lived(stage: Stage, columns: dict[str, list[str]]) -> Before:
    """Somebody signed in, a link that waits, and a decoy; then every row, as far as the first schema has it."""
    await stage.add_application(APP)
    signed = await sign_in(stage, ADA, client_id=APP)
    first_token = signed.refresh
    await renew(stage, signed, client_id=APP)
    await sign_in(stage, CLEO, client_id=APP)
    await stage.database.write(disable_user, CLEO)
    stage.clock.advance(1)
    waiting = await stage.start(BOB, client_id=APP)
    secret = await acting.secret_of(stage, waiting.login_id)
    decoy = await stage.start(CLEO, client_id=APP)
    rows: Rows = {}
    for table, names in columns.items():
        mine = {"applications": " WHERE id <> 'desk-app'", "audit_events": " ORDER BY position"}.get(table, "")
        found = await stage.rows(f"SELECT {', '.join(names)} FROM {table}{mine}")  # noqa: S608 - names of a schema
        rows[table] = [dict(zip(names, row, strict=True)) for row in found]
    names = await stage.names(signed.asked.login_id)
    return Before(signed, first_token, waiting, secret, decoy, names, stage.clock(), rows)


def _put(connection: Connection, rows: Rows) -> None:
    for table, some in rows.items():
        for row in some:
            places = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"), row)  # noqa: S608 - names of a schema
    connection.exec_driver_sql("COMMIT")


def _counts(connection: Connection, tables: list[str]) -> dict[str, int]:
    return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}  # noqa: S608 - names of a schema


@pytest.fixture
async def before(open_stage: OpenStage, database_url: str, tmp_path: Path) -> Before:
    """`database_url` is then as the first release left it."""
    await move(database_url, "base")
    await move(database_url, FIRST)
    columns = await look(database_url, _columns)
    folder = tmp_path / "old"
    folder.mkdir()
    async with open_stage(f"sqlite:///{folder / 'counterfoil.db'}", folder) as stage:
        lived = await _lived(stage, columns)
    assert [table for table, rows in lived.rows.items() if not rows] == [], "every table of the first release has a row"
    await look(database_url, lambda connection: _put(connection, lived.rows))
    return lived


async def test_no_row_is_lost_on_the_way_up_nor_on_the_way_back(database_url: str, before: Before) -> None:
    had = {table: len(rows) for table, rows in before.rows.items()}
    for revision in migrate.revisions()[1:]:
        await move(database_url, revision)
        assert await look(database_url, lambda connection: _counts(connection, list(had))) == had, revision
    await move(database_url, FIRST)
    assert await look(database_url, lambda connection: _counts(connection, list(had))) == had
    await move(database_url)
    assert await look(database_url, lambda connection: _counts(connection, list(had))) == had


async def test_people_devices_and_the_log_go_on_where_they_were(
    open_stage: OpenStage, database_url: str, tmp_path: Path, before: Before
) -> None:
    await move(database_url)
    async with open_stage(database_url, tmp_path) as stage:
        stage.clock.now = before.now
        signed = before.signed
        assert (await call(stage, signed, "/me/sessions")).json()["sessions"][0]["id"] == signed.session_id
        await renew(stage, signed, client_id=APP)
        assert await stage.names(signed.asked.login_id) == [*before.names, "session.refreshed"]
        assert (await stage.open(before.secret)).status_code == 200
        approved = await stage.decide(before.secret, "approve", before.waiting.user_code)
        assert approved.status_code == 200
        collected = await stage.poll(before.waiting, client_id=APP)
        assert collected.status_code == 200, collected.text
        refused(await stage.poll(before.decoy, client_id=APP), 400, "authorization_pending")
        refused(await present(stage, before.first_token, signed.device, client_id=APP), 400, "invalid_grant")
        assert (await stage.names(signed.asked.login_id))[-2:] == ["session.reuse_detected", "session.ended"]
        assert await seal(stage) == await stage.count("audit_events") > len(before.rows["audit_events"])
        await stage.sweep()
