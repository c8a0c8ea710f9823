# SPDX-License-Identifier: Apache-2.0
"""Tests of the databases themselves begin with an empty one."""

from collections.abc import Iterator

import pytest

from support.postgres import PostgresServer


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database: what migrates it is tested here."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop(url)
