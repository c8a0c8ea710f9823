# SPDX-License-Identifier: Apache-2.0
"""The sweeper takes turns among replicas, survives what happens to it, and goes on where another one stopped (R134)."""

import asyncio
import logging
from typing import Any

import pytest

from counterfoil_service import sweeper
from counterfoil_service.operations.sweep import sweep
from counterfoil_service.sweeper import LEASE_SECONDS, Sweeper
from support import acting
from support.stage import Stage


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.002)
    monkeypatch.setattr(sweeper, "BATCH", 2)


async def due(stage: Stage, count: int) -> None:
    for number in range(count):
        await acting.ask(stage, f"a{number}@example.com", f"k{number}")
    stage.clock.advance(600)


async def expired(stage: Stage) -> int:
    ((count,),) = await stage.rows("SELECT count(*) FROM audit_events WHERE name = 'login.expired'")
    return int(count)


async def test_one_has_the_turn_and_the_other_waits_until_it_is_let_go(stage: Stage) -> None:
    one, other = Sweeper(stage.database, lambda: None), Sweeper(stage.database, lambda: None)
    await due(stage, 5)
    assert await one.round()
    assert await expired(stage) == 5
    assert not await other.round()
    await one.let_go()
    assert await other.round()
    assert not await one.round()


async def test_the_turn_of_one_that_died_runs_out(stage: Stage) -> None:
    assert await Sweeper(stage.database, lambda: None).round()
    other = Sweeper(stage.database, lambda: None)
    stage.clock.advance(LEASE_SECONDS - 0.000001)
    assert not await other.round()
    stage.clock.advance(0.000001)
    assert await other.round()


async def test_one_that_loses_its_turn_on_the_way_stops_and_the_next_one_finishes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await due(stage, 7)
    slow, quick = Sweeper(stage.database, lambda: None), Sweeper(stage.database, lambda: None)
    write: Any = stage.database.write
    taken: list[bool] = []

    async def overtaken(operation: Any, command: Any) -> Any:
        answer = await write(operation, command)
        if operation is sweep and not taken:
            taken.append(True)
            stage.clock.advance(LEASE_SECONDS)
            assert await quick.round()
        return answer

    monkeypatch.setattr(stage.database, "write", overtaken)
    assert not await slow.round()
    assert await expired(stage) == 7


async def test_an_error_is_logged_and_the_work_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await due(stage, 3)
    rounds: list[int] = []
    worker = Sweeper(stage.database, lambda: rounds.append(1))
    write: Any = stage.database.write
    failed: list[bool] = []

    async def broken_once(operation: Any, command: Any) -> Any:
        if operation is sweep and not failed:
            failed.append(True)
            raise RuntimeError
        return await write(operation, command)

    monkeypatch.setattr(stage.database, "write", broken_once)
    with caplog.at_level(logging.ERROR):
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(20):
            while await expired(stage) < 3:  # noqa: ASYNC110 - the sweeper tells nobody
                await asyncio.sleep(0.01)
            worker.stop()
            await running
    assert "goes on" in caplog.text
    assert len(rounds) >= 2
