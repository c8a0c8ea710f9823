# SPDX-License-Identifier: Apache-2.0
"""Migrations: up, down and up again on both engines, no drift, and a failing one leaves nothing behind."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from counterfoil_service.db import migrate
from counterfoil_service.db.open import open_database, sqlite_path
from counterfoil_service.db.tables import metadata
from support.migrating import look, move

HEAD = "0009"

BROKEN = '''
"""break."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("half_made", sa.Column("id", sa.Integer))
    op.execute("INSERT INTO half_made (id) VALUES (1)")
    op.drop_table("users")
    op.execute("SELECT nothing FROM nowhere")


def downgrade() -> None:
    op.drop_table("half_made")
'''


async def state(url: str) -> migrate.SchemaState:
    path = sqlite_path(url)
    return await migrate.state_postgresql(url) if path is None else migrate.state(path)


async def is_current(url: str) -> bool:
    return await state(url) == "current"


async def tables(url: str) -> set[str]:
    return set(await look(url, lambda connection: inspect(connection).get_table_names())) - {"alembic_version"}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release whose newest migration fails half way."""
    folder = tmp_path / "alembic"
    shutil.copytree(migrate.script_location(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_break.py").write_text(BROKEN.format(before=HEAD))
    monkeypatch.setattr(migrate, "script_location", lambda: folder)
    return folder


async def test_up_down_to_nothing_and_up_again(database_url: str) -> None:
    assert not await is_current(database_url)
    await move(database_url)
    assert await tables(database_url) == set(metadata.tables)
    assert await is_current(database_url)
    await move(database_url, "base")
    assert await tables(database_url) == set()
    assert not await is_current(database_url)
    await move(database_url)
    assert await tables(database_url) == set(metadata.tables)


@pytest.mark.parametrize("revision", ["head", HEAD])
async def test_moving_to_where_the_schema_is_changes_nothing(database_url: str, revision: str) -> None:
    await move(database_url, revision)
    await move(database_url, revision)
    assert await is_current(database_url)


async def test_each_step_back_is_a_step_back(database_url: str) -> None:
    await move(database_url)
    for gone in ("alerts", None, "suppressions", None, "operators", "checkpoints", None, "devices"):
        await move(database_url, "-1")
        assert gone is None or gone not in await tables(database_url)
        assert not await is_current(database_url)
    await move(database_url, "-1")
    assert await tables(database_url) == set()


# On SQLite nothing reads back what an index computes: `test_people_pages` holds that it is used.
@pytest.mark.filterwarnings("ignore:.*expression-based index ix_users_address")
@pytest.mark.filterwarnings("ignore:.*expression-based index 'ix_users_address'")
async def test_the_schema_is_that_of_the_tables(database_url: str) -> None:
    await move(database_url)

    def drift(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert await look(database_url, drift) == []


@pytest.mark.usefixtures("broken")
async def test_a_failing_migration_leaves_nothing_behind_on_a_fresh_database(database_url: str) -> None:
    with pytest.raises(Exception, match="nowhere"):
        await move(database_url)
    assert await tables(database_url) == set()
    assert not await is_current(database_url)


async def test_a_failing_migration_leaves_an_older_schema_as_it_was(database_url: str, broken: Path) -> None:
    await move(database_url, HEAD)
    with pytest.raises(Exception, match="nowhere"):
        await move(database_url)
    assert await tables(database_url) == set(metadata.tables)
    (broken / "versions" / "9000_break.py").unlink()
    assert await is_current(database_url)


@pytest.mark.usefixtures("broken")
async def test_a_schema_that_is_behind_is_not_current(database_url: str) -> None:
    assert migrate.head() == "9000"
    await move(database_url, HEAD)
    assert not await is_current(database_url)
    database = await open_database(database_url)
    assert await database.schema() == "older"
    await database.close()


async def test_a_schema_of_an_earlier_release_is_older_however_far_behind(database_url: str) -> None:
    for revision in migrate.revisions()[:-1]:
        await move(database_url, revision)
        assert await state(database_url) == "older"


async def test_a_database_whose_tables_were_taken_away_is_empty(database_url: str) -> None:
    assert await state(database_url) == "empty"
    await move(database_url)
    await move(database_url, "base")
    assert await state(database_url) == "empty"


async def test_a_schema_of_a_later_release_is_not_current_and_not_touched(database_url: str) -> None:
    await move(database_url)
    stamp = "UPDATE alembic_version SET version_num = '9999'"

    def future(connection: Connection) -> None:
        connection.exec_driver_sql(stamp)
        connection.exec_driver_sql("COMMIT")

    await look(database_url, future)
    assert await state(database_url) == "newer"
    with pytest.raises(Exception, match="9999"):
        await move(database_url)
    assert await tables(database_url) == set(metadata.tables)


FIRST_RELEASE = [
    "INSERT INTO applications VALUES ('desk-app', 'Desk App', 'email', '[]', 'required', 'optional', 5, NULL)",
    "INSERT INTO users VALUES ('U', {bytes}, 'ada@example.com', 5, 6, NULL)",
    "INSERT INTO sessions VALUES ('S1', 'U', 'desk-app', 'L1', 'K', 'email', 'aud', 'pop swk mca', 6, 7, NULL)",
    "INSERT INTO sessions VALUES ('S2', 'U', 'desk-app', 'L2', 'K', 'email', 'aud', 'pop swk mca', 8, 9, 10)",
    "INSERT INTO sessions VALUES ('S3', 'U', 'desk-app', 'L3', NULL, 'email', 'aud', 'mca', 8, 11, NULL)",
]


async def test_what_the_first_release_knew_lives_on(database_url: str) -> None:
    """Sessions stay, and the devices that had them are known devices: nobody is told of a new one after an upgrade."""
    await move(database_url, "0001")
    some_bytes = "x'61'" if sqlite_path(database_url) else "'\\x61'"

    def fill(connection: Connection) -> None:
        for statement in FIRST_RELEASE:
            connection.exec_driver_sql(statement.format(bytes=some_bytes))
        connection.exec_driver_sql("COMMIT")

    def rows(sql: str) -> Callable[[Connection], list[tuple[Any, ...]]]:
        return lambda connection: [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]

    await look(database_url, fill)
    await move(database_url)
    owned = "SELECT id, user_id, application_id, key_id, state, first_seen_at, last_seen_at FROM devices"
    assert await look(database_url, rows(owned)) == [("S1", "U", "desk-app", "K", "known", 7, 9)]
    used = "SELECT id, last_used_at, device_id, ended_at FROM sessions ORDER BY id"
    assert await look(database_url, rows(used)) == [("S1", 7, "S1", None), ("S2", 9, "S1", 10), ("S3", 11, None, None)]
    policies = "SELECT redirect_uris, new_devices FROM applications"
    assert await look(database_url, rows(policies)) == [("[]", "notify")]
    await move(database_url, "0001")
    assert len(await look(database_url, rows("SELECT id FROM sessions"))) == 3


async def test_replicas_that_migrate_at_once_do_not_disturb_each_other(database_url: str) -> None:
    await asyncio.gather(*(move(database_url) for _ in range(4)))
    assert await is_current(database_url)


async def test_rows_live_through_a_move_to_where_the_schema_is(database_url: str) -> None:
    await move(database_url)

    def keep(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO secrets (name, value) VALUES ('kept', 'x')")
        connection.exec_driver_sql("COMMIT")

    await look(database_url, keep)
    await move(database_url)
    kept = await look(database_url, lambda each: each.exec_driver_sql("SELECT name FROM secrets").fetchall())
    assert [tuple(row) for row in kept] == [("kept",)]


def test_in_the_repository_the_migrations_are_those_of_the_repository() -> None:
    location = migrate.script_location()
    assert location.name == "alembic"
    assert (location / "env.py").is_file()
    assert not (location / "__init__.py").exists(), "it would shadow the library"
    assert migrate.head() == HEAD


def test_the_names_of_the_files_are_the_revisions_that_alembic_reads_in_them() -> None:
    scripts = ScriptDirectory.from_config(migrate.config())
    assert migrate.revisions() == [each.revision for each in scripts.walk_revisions()][::-1]
    assert migrate.head() == scripts.get_current_head()


def test_in_a_wheel_the_migrations_are_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "counterfoil_service"
    package.mkdir(parents=True)
    monkeypatch.setattr(migrate, "_PACKAGE", package)
    assert migrate.script_location() == tmp_path.parent / "alembic"
    shutil.copytree(Path(__file__).parents[3] / "alembic", package / "_alembic")
    assert migrate.script_location() == package / "_alembic"
    assert migrate.head() == HEAD


def test_a_package_without_migrations_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").mkdir()
    monkeypatch.setattr(migrate, "script_location", lambda: tmp_path)
    with pytest.raises(RuntimeError, match="no migrations"):
        migrate.head()


def test_the_link_that_ships_the_migrations_points_into_this_repository() -> None:
    shipped = Path(__file__).parents[3] / "service" / "alembic"
    assert shipped.is_symlink()
    assert shipped.resolve() == Path(__file__).parents[3] / "alembic"
