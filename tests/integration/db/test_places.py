# SPDX-License-Identifier: Apache-2.0
"""Places in the log, given to a whole batch by one statement: to these events, in this order, and to no other."""

import asyncio
import sqlite3
from pathlib import Path

import asyncpg
import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit, log
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.seal_events import seal_events
from support import acting
from support.stage import OpenStage, Stage

ROWS = "SELECT position, leaf_index, time % 1000 FROM audit_events ORDER BY position"


async def append(tx: Transaction, name: EventName, context: Context) -> None:
    await audit.append(tx, context, AuditEvent(name=name))


async def positions(stage: Stage) -> list[int]:
    return [position for position, _, _ in await stage.rows(ROWS)]


async def places(stage: Stage) -> list[int | None]:
    return [index for _, index, _ in await stage.rows(ROWS)]


async def names(stage: Stage, order: str) -> list[str]:
    return [str(name) for (name,) in await stage.rows(f"SELECT name FROM audit_events ORDER BY {order}")]  # noqa: S608 - our own


async def place(stage: Stage, of: list[int], first: int) -> None:
    await stage.database.transact(lambda tx: log.place(tx, of, first))


async def test_each_event_gets_the_next_place_and_those_between_keep_waiting(stage: Stage) -> None:
    await acting.ask(stage)
    await acting.ask(stage, "bob@example.com", "desk")
    first, second, third, *_ = known = await positions(stage)
    await place(stage, [first, third, known[-1]], 70)
    given = dict(zip(known, await places(stage), strict=True))
    assert (given[first], given[third], given[known[-1]]) == (70, 71, 72)
    assert given[second] is None
    assert list(given.values()).count(None) == len(known) - 3


async def test_a_place_that_is_taken_is_given_to_nobody_else(stage: Stage) -> None:
    await acting.ask(stage)
    known = await positions(stage)
    await place(stage, known[:1], 5)
    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        await place(stage, known[1:3], 4)
    assert await places(stage) == [5, *[None] * (len(known) - 1)], "nor is half of the batch placed"


async def test_times_are_cut_as_far_as_places_are_given(stage: Stage) -> None:
    await acting.ask(stage)
    await acting.execute(stage, "UPDATE audit_events SET time = time + 7")
    known = await positions(stage)
    await place(stage, known[:2], 0)
    assert [rest for _, _, rest in await stage.rows(ROWS)] == [0, 0, *[7] * (len(known) - 2)]


async def test_an_event_that_was_written_first_and_committed_late_leaves_no_gap(
    postgres_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(postgres_url, tmp_path) as stage:
        written, may_commit = asyncio.Event(), asyncio.Event()

        async def append_late(tx: Transaction, name: EventName, context: Context) -> None:
            await append(tx, name, context)
            await log.waiting(tx)
            written.set()
            await may_commit.wait()

        late = asyncio.create_task(stage.database.write(append_late, EventName.KEY_ROTATED))
        await written.wait()
        await stage.database.write(append, EventName.USER_ENABLED)
        await stage.database.write(seal_events, 1000)
        may_commit.set()
        await late
        await stage.database.write(seal_events, 1000)
        assert (await names(stage, "position"))[-2:] == ["key.rotated", "user.enabled"]
        assert (await names(stage, "leaf_index"))[-2:] == ["user.enabled", "key.rotated"]
        assert set(await places(stage)) == set(range(await stage.count("audit_events")))
