# SPDX-License-Identifier: Apache-2.0
"""Somebody edits the audit log in the database: `audit verify` objects every time and says where (A23, A24)."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from counterfoil_service.audit.verify import AlteredError, Verified, read_checkpoint
from counterfoil_service.cli.audit_log import _live
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.db import log
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.seal_events import seal_events
from support import acting
from support.log import bytes_of
from support.stage import Stage

COLUMNS = ("id", "time", "name", "outcome", "reason", "login_id", "application_id", "session_id", "subject", "jkt",
           "fields", "sealed")  # fmt: skip


async def a_log(stage: Stage, logins: int = 12) -> int:
    """A sealed log of some logins, sealed in several batches; its size."""
    for number in range(logins):
        begun = await acting.ask(stage, f"p{number}@example.com", f"k{number}")
        await acting.approve(stage, begun)
        await acting.collect(stage, begun, f"k{number}")
        if number % 4 == 3:
            await stage.database.write(seal_events, 1000)
    await stage.database.write(seal_events, 1000)
    return int((await stage.rows("SELECT max(size) FROM checkpoints"))[0][0])


async def verified(stage: Stage) -> Verified:
    return await _live(stage.database, None, None)


async def objects_at(stage: Stage) -> int | None:
    with pytest.raises(AlteredError) as caught:
        await verified(stage)
    return caught.value.index


async def value(stage: Stage, column: str, index: int) -> object:
    ((found,),) = await stage.rows(f"SELECT {column} FROM audit_events WHERE leaf_index = {index}")  # noqa: S608 - ours
    return found


async def put(stage: Stage, column: str, index: int, new: object) -> None:
    sql = f"UPDATE audit_events SET {column} = :new WHERE leaf_index = :index"  # noqa: S608 - ours
    await acting.execute(stage, sql, new=new, index=index)


async def test_an_untouched_log_passes(stage: Stage) -> None:
    size = await a_log(stage)
    assert (await verified(stage)).checked == size


@pytest.mark.parametrize("column", COLUMNS)
async def test_every_hashed_column_is_covered_at_every_kind_of_entry(stage: Stage, column: str) -> None:
    size = await a_log(stage, 4)
    rng = random.Random(column)
    for index in rng.sample(range(size), 6):
        old = await value(stage, column, index)
        await put(stage, column, index, _other(column, old))
        assert await objects_at(stage) == index, (column, old)
        await put(stage, column, index, old)
    await verified(stage)


def _other(column: str, old: object) -> object:
    if isinstance(old, bytes):
        return bytes([old[0] ^ 1]) + old[1:]
    if column == "time":
        assert isinstance(old, int)
        return old + 1
    if column == "sealed":
        return b"made up"
    if column == "fields":
        return '{"made":"up"}'
    return "failure" if old == "success" else "success" if column == "outcome" else f"{old or ''}x"


async def test_deleted_swapped_inserted_and_cut_entries_are_named(stage: Stage) -> None:
    size = await a_log(stage, 6)
    rng = random.Random(7)
    for index in rng.sample(range(size - 1), 5):
        await put(stage, "leaf_index", index, -1)
        assert await objects_at(stage) == index, "deleted"
        await acting.execute(stage, f"UPDATE audit_events SET leaf_index = {index} WHERE leaf_index = -1")  # noqa: S608 - ours
        await swap(stage, index, index + 1)
        assert await objects_at(stage) == index, "swapped"
        await swap(stage, index, index + 1)
    await verified(stage)
    await put(stage, "leaf_index", size - 1, size + 5)
    assert await objects_at(stage) == size - 1, "moved behind the end"
    await acting.execute(stage, f"DELETE FROM audit_events WHERE leaf_index = {size + 5}")  # noqa: S608 - ours
    assert await objects_at(stage) == size - 1, "cut off"


async def swap(stage: Stage, one: int, other: int) -> None:
    for old, new in ((one, -1), (other, one), (-1, other)):
        await put(stage, "leaf_index", old, new)


async def test_an_event_that_was_given_a_place_without_a_signature_is_named(stage: Stage) -> None:
    size = await a_log(stage, 2)
    await acting.ask(stage, "late@example.com", "late")
    await acting.execute(
        stage,
        f"UPDATE audit_events SET leaf_index = {size}"  # noqa: S608 - ours
        " WHERE position = (SELECT min(position) FROM audit_events WHERE leaf_index IS NULL)",
    )
    assert await objects_at(stage) == size


async def test_a_log_that_grows_while_it_is_verified_passes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    size = await a_log(stage, 2)
    read = stage.database.read

    async def read_then_seal(query: Callable[..., Any], *args: object) -> object:
        answer = await read(query, *args)
        if query in {log.last_index, log.all_checkpoints}:
            await acting.ask(stage, f"{query.__name__}@example.com", query.__name__)
            await stage.database.write(seal_events, 1000)
        return answer

    monkeypatch.setattr(stage.database, "read", read_then_seal)
    assert (await verified(stage)).checked > size


async def test_whoever_recomputes_the_kept_hashes_too_meets_the_signed_roots(stage: Stage) -> None:
    size = await a_log(stage)
    index = size // 2
    await put(stage, "reason", index, "made_up")
    (entry,) = await stage.database.read(log.entries, index, 1)
    tile = bytearray(await stage.database.read(log.tile, 0, 0))
    tile[index * 32 : index * 32 + 32] = leaf_hash(bytes_of(entry))
    await acting.execute(stage, "UPDATE log_tiles SET hashes = :tile WHERE level = 0", tile=bytes(tile))
    with pytest.raises(AlteredError, match="between"):
        await verified(stage)


async def test_damaged_tiles_alone_are_told_apart_from_damaged_entries(stage: Stage) -> None:
    await a_log(stage, 4)
    tile = bytearray(await stage.database.read(log.tile, 0, 0))
    tile[3 * 32] ^= 1
    await acting.execute(stage, "UPDATE log_tiles SET hashes = :tile WHERE level = 0", tile=bytes(tile))
    with pytest.raises(AlteredError, match="the entry is intact"):
        await verified(stage)


@pytest.mark.parametrize(
    "forge",
    [
        lambda note: note.replace("\n", "\n\n", 1),
        lambda note: note[:-6] + "AAAA=\n",
        lambda note: note.partition("\n\n")[0] + "\n",
        lambda _: "",
    ],
)
async def test_a_checkpoint_that_was_not_signed_is_no_checkpoint(stage: Stage, forge: Callable[[str], str]) -> None:
    await a_log(stage, 1)
    ((note,),) = await stage.rows("SELECT note FROM checkpoints")
    await acting.execute(stage, "UPDATE checkpoints SET note = :note", note=forge(note))
    assert await objects_at(stage) is None


async def test_a_log_that_was_made_again_by_who_holds_the_key_meets_an_older_checkpoint(stage: Stage) -> None:
    """Only something kept elsewhere can show this: that is what `--against` is for."""
    await a_log(stage, 2)
    old = (await stage.rows("SELECT note FROM checkpoints ORDER BY size LIMIT 1"))[0][0]
    await put(stage, "reason", 0, "made_up")
    for sql in ("DELETE FROM checkpoints", "DELETE FROM log_tiles", "UPDATE audit_events SET leaf_index = NULL"):
        await acting.execute(stage, sql)
    await stage.database.write(seal_events, 1000)
    await verified(stage)
    context = stage.database.context()
    kept = read_checkpoint(old, log_key(context.keys, context.settings).vkey)
    rows = await stage.database.read(log.all_checkpoints)
    assert kept.root not in {row.root for row in rows}
