# SPDX-License-Identifier: Apache-2.0
"""Fixtures every folder may use."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.postgres import PostgresServer
from support.stage import OpenStage, Stage, stage_on


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One real PostgreSQL for the whole run."""
    # Not in pytest's folder: every other run of pytest closes that to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="counterfoil-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'counterfoil.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database at head."""
    url = postgres_server.migrated_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The service on each engine."""
    async with stage_on(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def sqlite_stage(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The service on SQLite alone, for rules that no engine can change."""
    async with stage_on(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def open_stage() -> OpenStage:
    """For tests that need settings of their own."""
    return stage_on
