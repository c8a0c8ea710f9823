# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that stops and comes back: 503 meanwhile, nothing granted, and no restart of the service afterwards."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.db import postgresql
from support import acting
from support.postgres import PostgresServer
from support.scratch import eventually
from support.stage import OpenStage


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that no other test uses, so that it may be stopped."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        yield server
        server.stop()


async def test_while_the_server_is_down_all_is_503_and_afterwards_all_works(
    own_server: PostgresServer, open_stage: OpenStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "LISTEN_CHECK_SECONDS", 0.05)
    process: Any = own_server._server
    url = await asyncio.to_thread(own_server.fresh_database)
    async with open_stage(url, tmp_path) as stage:
        begun = await acting.ask(stage)
        await acting.approve(stage, begun)
        before = await acting.snapshot(stage)
        woken: list[str | None] = []
        stage.database.on_change = woken.append

        await asyncio.to_thread(process._stop)
        for attempt in (
            acting.ask(stage, key="other"),
            acting.reject(stage, begun),
            acting.collect(stage, begun),
            acting.stored(stage, begun),
        ):
            began = time.monotonic()
            with pytest.raises(Refusal) as caught:
                await attempt
            assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
            assert caught.value.retry_after == 1
            assert time.monotonic() - began < 5
        assert (await stage.client.get("/health/ready")).status_code == 503

        await asyncio.to_thread(process.ensure_postgres_running)
        assert await acting.snapshot(stage) == before
        await eventually(lambda: None in woken)
        assert await acting.collect(stage, begun) is not None
        assert (await stage.client.get("/health/ready")).status_code == 200
