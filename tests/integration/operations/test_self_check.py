# SPDX-License-Identifier: Apache-2.0
"""While it runs, the service looks whether its log still is what it sealed, and stops signing when it is not (R126)."""

import asyncio
import logging
from typing import Any

import pytest

from counterfoil_service.audit import sealer
from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.db.engine import unavailable
from counterfoil_service.operations.check_bundle import check_bundle
from counterfoil_service.operations.record_failed_checkpoint import record_failed_checkpoint
from support import acting
from support.auditor import seal
from support.log import grow_log
from support.stage import Stage


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "CHECK_EVERY", 1)


async def run_until_it_stops(stage: Stage) -> None:
    async with asyncio.timeout(30):
        await Sealer(stage.database, 0.002).run()


async def alerts(stage: Stage) -> list[str]:
    return [
        row[0] for row in await stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.checkpoint_failed'")
    ]


async def a_log(stage: Stage) -> int:
    await grow_log(stage.database, 3 * WIDTH + 10)
    return await seal(stage)


FIRST_TILE = "SELECT hashes FROM log_tiles WHERE level = 0 AND tile = 0"
EDITS = {
    "a reason": ("UPDATE audit_events SET reason = 'made_up' WHERE leaf_index = 300", 300),
    "a deletion": ("DELETE FROM audit_events WHERE leaf_index = 700", 700),
    "kept hashes": (f"UPDATE log_tiles SET hashes = ({FIRST_TILE}) WHERE level = 0 AND tile = 1", WIDTH),  # noqa: S608 - ours
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_in_the_middle_of_a_quiet_log_is_found_and_ends_all_signing(
    stage: Stage, edit: str, caplog: pytest.LogCaptureFixture
) -> None:
    size = await a_log(stage)
    sql, entry = EDITS[edit]
    await acting.execute(stage, sql)
    with caplog.at_level(logging.CRITICAL):
        await run_until_it_stops(stage)
    assert await alerts(stage) == [f'{{"entry":{entry},"size":{size}}}']
    assert f"at entry {entry}" in caplog.text
    assert await stage.rows("SELECT max(size) FROM checkpoints") == [(size,)]


async def test_a_damaged_upper_tile_is_found_where_it_joins(stage: Stage) -> None:
    await a_log(stage)
    above = bytearray((await stage.rows("SELECT hashes FROM log_tiles WHERE level = 1"))[0][0])
    above[40] ^= 1
    await acting.execute(stage, "UPDATE log_tiles SET hashes = :above WHERE level = 1", above=bytes(above))
    assert await stage.database.read(check_bundle, 0) is None
    assert await stage.database.read(check_bundle, 1) == WIDTH


async def test_an_untouched_log_passes_round_after_round_while_it_grows(stage: Stage) -> None:
    await a_log(stage)
    worker = Sealer(stage.database, 0.002)
    running = asyncio.create_task(worker.run())
    for _ in range(5):
        await grow_log(stage.database, 90)
        await asyncio.sleep(0.02)
    worker.stop()
    async with asyncio.timeout(30):
        await running
    assert await alerts(stage) == []


async def test_an_alert_that_the_database_could_not_take_is_recorded_once_it_can(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_log(stage)
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index = 5")
    write: Any = stage.database.write
    refused: list[Any] = []

    async def flaky(operation: Any, command: Any) -> Any:
        if operation is record_failed_checkpoint and len(refused) < 3:
            refused.append(command)
            raise unavailable()
        return await write(operation, command)

    monkeypatch.setattr(stage.database, "write", flaky)
    await run_until_it_stops(stage)
    assert len(refused) == 3
    assert len(await alerts(stage)) == 1
