# SPDX-License-Identifier: Apache-2.0
"""The sealer: every event gets one place, in batches, under a signed checkpoint, whoever else is at it [R124-R126]."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.audit.evidence import read_checkpoint
from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import leaf_hash, root_of
from counterfoil_service.db import log
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.log_ranges import checkpoints_between
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import LogInconsistentError, seal_events
from support import acting
from support.log import bytes_of
from support.stage import OpenStage, Stage


async def some_events(stage: Stage, logins: int = 3) -> None:
    for number in range(logins):
        await acting.ask(stage, f"person{number}@example.com", uuid.uuid4().hex)


async def sealed(stage: Stage, limit: int = 1000) -> int:
    return (await stage.database.write(seal_events, limit)).count


async def newest(stage: Stage) -> Checkpoint:
    row = await stage.database.read(log.latest_checkpoint)
    assert row is not None
    context = stage.database.context()
    checkpoint = read_checkpoint(row.note, log_key(context.keys, context.settings).vkey)
    assert (checkpoint.size, checkpoint.root) == (row.size, row.root)
    return checkpoint


async def hashes(stage: Stage) -> list[bytes]:
    entries = await stage.database.read(log.entries, 0, 10_000)
    assert [entry.index for entry in entries] == list(range(len(entries))), "no gap, no repetition"
    return [leaf_hash(bytes_of(entry)) for entry in entries]


async def test_every_event_is_sealed_once_and_the_root_is_that_of_all_of_them(stage: Stage) -> None:
    await some_events(stage)
    assert await stage.database.read(log.waiting)
    assert await sealed(stage) == await stage.count("audit_events")
    assert not await stage.database.read(log.waiting)
    assert await sealed(stage) == 0
    await some_events(stage, 1)
    await sealed(stage)
    found = await hashes(stage)
    assert (await newest(stage)).root == root_of(found)
    assert len(found) == await stage.count("audit_events")


async def test_small_batches_come_to_the_same_tree(stage: Stage) -> None:
    await some_events(stage, 4)
    while await sealed(stage, 3):
        pass
    assert (await newest(stage)).root == root_of(await hashes(stage))


async def test_sealers_of_many_replicas_take_turns(stage: Stage) -> None:
    async def seal_on() -> None:
        for _ in range(6):
            await sealed(stage, 2)
            await asyncio.sleep(0)

    await asyncio.gather(*(seal_on() for _ in range(3)), some_events(stage, 6))
    while await sealed(stage):
        pass
    assert (await newest(stage)).root == root_of(await hashes(stage))
    checkpoints = await stage.database.read(checkpoints_between, 0, await stage.count("audit_events"))
    found = await hashes(stage)
    assert all(each.root == root_of(found[: each.size]) for each in checkpoints), "one history, never a fork"


@pytest.mark.parametrize("crash_at", range(1, 9))
async def test_a_crash_at_any_statement_leaves_the_log_as_it_was(stage: Stage, crash_at: int) -> None:
    await some_events(stage, 1)
    await sealed(stage)
    before = await stage.rows("SELECT * FROM log_tiles"), await stage.rows("SELECT * FROM checkpoints")
    await some_events(stage, 1)

    async def crashing(tx: Transaction, limit: int, context: Context) -> Any:
        return await seal_events(_Crashing(tx, crash_at), limit, context)

    with pytest.raises(ZeroDivisionError):
        await stage.database.write(crashing, 1000)
    assert (await stage.rows("SELECT * FROM log_tiles"), await stage.rows("SELECT * FROM checkpoints")) == before
    await sealed(stage)
    assert (await newest(stage)).root == root_of(await hashes(stage))


class _Crashing:
    """Fails at one statement."""

    def __init__(self, tx: Transaction, crash_at: int) -> None:
        self._tx = tx
        self._left = crash_at

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if not self._left:
            raise ZeroDivisionError
        return getattr(self._tx, name)


DAMAGES = [
    "UPDATE log_tiles SET hashes = (SELECT root FROM checkpoints LIMIT 1)",
    "DELETE FROM log_tiles",
    "UPDATE checkpoints SET root = (SELECT hashes FROM log_tiles WHERE level = 0 LIMIT 1)",
    "UPDATE checkpoints SET size = size + 1",
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_nothing_is_signed_over_a_log_that_does_not_go_on_from_its_last_checkpoint(
    stage: Stage, damage: str
) -> None:
    await some_events(stage, 2)
    await sealed(stage)
    await acting.execute(stage, damage)
    await some_events(stage, 1)
    signed = await stage.count("checkpoints")
    with pytest.raises(LogInconsistentError):
        await sealed(stage)
    async with asyncio.timeout(20):
        await Sealer(stage.database, 0.02).run()
    assert await stage.count("checkpoints") == signed
    rows = await stage.rows("SELECT name, outcome FROM audit_events ORDER BY position DESC")
    assert rows[0] == ("audit.checkpoint_failed", "failure")


async def test_the_worker_seals_by_itself_and_leaves_when_told(stage: Stage) -> None:
    sealer = Sealer(stage.database, 0.02)
    running = asyncio.create_task(sealer.run())
    await some_events(stage, 2)
    async with asyncio.timeout(20):
        while await stage.database.read(log.waiting):  # noqa: ASYNC110 - the sealer tells nobody
            await asyncio.sleep(0.01)
        sealer.stop()
        await running


async def test_an_erased_person_changes_no_leaf(stage: Stage) -> None:
    begun = await acting.ask(stage)
    await acting.approve(stage, begun)
    await acting.collect(stage, begun)
    await sealed(stage)
    before = await hashes(stage)
    await stage.database.write(erase_user, "ada@example.com")
    await sealed(stage)
    assert (await hashes(stage))[: len(before)] == before
    assert (await newest(stage)).root == root_of(await hashes(stage))


async def test_no_leaf_says_who_or_from_where(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    """R132: addresses and networks are sealed."""
    async with open_stage(sqlite_url, tmp_path) as stage:
        begun = await acting.ask(stage, device_label="Ada's laptop")
        await acting.miss(stage, begun)
        await acting.approve(stage, begun)
        await acting.collect(stage, begun)
        await sealed(stage)
        for entry in await stage.database.read(log.entries, 0, 1000):
            text = bytes_of(entry).decode()
            personal = ("ada@", "example.com", "192.0.2", "198.51.100", "laptop", "Phone/1.0")
            assert not [each for each in personal if each in text]


async def test_an_event_that_an_older_release_wrote_more_precisely_is_sealed_and_verifies(stage: Stage) -> None:
    await some_events(stage)
    await acting.execute(stage, "UPDATE audit_events SET time = time + 999")
    await sealed(stage)
    assert not [time for (time,) in await stage.rows("SELECT time FROM audit_events") if time % 1000]
    assert (await newest(stage)).root == root_of(await hashes(stage))
