# SPDX-License-Identifier: Apache-2.0
"""Somebody edits the audit log in the database: `audit verify` objects every time and says where (A23, A24)."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.live_log import LiveLog
from counterfoil_service.audit.verify import Verified, verify
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.db import log
from counterfoil_service.operations.seal_events import seal_events
from support import acting, verifying
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
    return await verifying.verified(stage.database)


async def objects_at(stage: Stage) -> int | None:
    return (await verifying.objection(stage.database)).index


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
    assert "the log ends at" in str(await verifying.objection(stage.database))
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
    read, growing = stage.database.read, False

    async def read_then_seal(query: Callable[..., Any], *args: object) -> object:
        nonlocal growing
        answer = await read(query, *args)
        if not growing:
            growing = True
            await verifying.grown(stage.database, 3)
            growing = False
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
    kept = read_checkpoint(old, verifying.vkey_of(stage.database))
    assert "forked" in str(await verifying.objection(stage.database, kept))


async def test_a_log_that_was_cut_where_nothing_is_read_this_time_is_objected_to(stage: Stage) -> None:
    size = await a_log(stage, 2)
    verifier = await verifying.verifier_of(stage.database)
    await verify(await LiveLog.open(stage.database, verifying.vkey_of(stage.database)), verifier, lambda: None)
    await verifying.verified(stage.database, progress=verifier.resumable)
    await acting.execute(stage, f"DELETE FROM audit_events WHERE leaf_index = {size - 1}")  # noqa: S608 - ours
    found = await verifying.objection(stage.database, progress=verifier.resumable)
    assert (found.index, "the log ends" in str(found)) == (size - 1, True)


async def test_an_entry_that_stands_there_twice_is_named(stage: Stage) -> None:
    """Whoever owns the database can drop the index that forbids it."""
    await a_log(stage, 2)
    columns = ", ".join(COLUMNS)
    await acting.execute(stage, "DROP INDEX uq_audit_events_leaf_index")
    await acting.execute(
        stage,
        f"INSERT INTO audit_events ({columns}, leaf_index)"  # noqa: S608 - ours
        f" SELECT {columns}, leaf_index FROM audit_events WHERE leaf_index = 3",
    )
    assert await objects_at(stage) == 3


async def test_checkpoints_of_the_service_that_were_tampered_with_are_no_evidence(stage: Stage) -> None:
    await a_log(stage, 8)
    first, last = (await stage.rows("SELECT min(size), max(size) FROM checkpoints"))[0]
    sizes = {"first": first, "last": last}
    for sql, what in (
        ("UPDATE checkpoints SET root = (SELECT root FROM checkpoints WHERE size = :last) WHERE size = :first", "row"),
        ("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = :last) WHERE size = :first", "row"),
        ("UPDATE checkpoints SET size = size - 1 WHERE size = :first AND :last > 0", "row"),
    ):
        before = await stage.rows("SELECT * FROM checkpoints ORDER BY size")
        await acting.execute(stage, sql, **sizes)
        assert what in str(await verifying.objection(stage.database)), sql
        await acting.execute(stage, "DELETE FROM checkpoints")
        for size, kept, time, note in before:
            insert = "INSERT INTO checkpoints (size, root, time, note) VALUES (:size, :root, :time, :note)"
            await acting.execute(stage, insert, size=size, root=bytes(kept), time=time, note=note)
    await verified(stage)


OTHER_TYPES = ("CAST('c3VjY2Vzcw==' AS BLOB)", "'words'", "7000", "2.5", "NULL")
"""SQLite's columns hold any type."""


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_value_of_another_type_is_an_edit_too(sqlite_stage: Stage, column: str) -> None:
    await a_log(sqlite_stage, 2)
    old = await value(sqlite_stage, column, 3)
    for new in OTHER_TYPES:
        sql = f"UPDATE OR IGNORE audit_events SET {column} = {new} WHERE leaf_index = 3"  # noqa: S608 - ours
        await acting.execute(sqlite_stage, sql)
        if await value(sqlite_stage, column, 3) != old:
            assert await objects_at(sqlite_stage) == 3, new
        await put(sqlite_stage, column, 3, old)


@pytest.mark.parametrize("new", OTHER_TYPES)
async def test_a_place_that_is_no_number_is_an_edit_too(sqlite_stage: Stage, new: str) -> None:
    await a_log(sqlite_stage, 2)
    await acting.execute(sqlite_stage, f"UPDATE audit_events SET leaf_index = {new} WHERE leaf_index = 3")  # noqa: S608 - ours
    await verifying.objection(sqlite_stage.database)


async def test_bytes_that_are_spelt_as_the_text_that_stood_there_are_an_edit(sqlite_stage: Stage) -> None:
    await a_log(sqlite_stage, 1)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET reason = 'YWJj' WHERE leaf_index IS NULL OR true")
    for sql in ("DELETE FROM checkpoints", "DELETE FROM log_tiles", "UPDATE audit_events SET leaf_index = NULL"):
        await acting.execute(sqlite_stage, sql)
    await sqlite_stage.database.write(seal_events, 1000)
    await verified(sqlite_stage)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET reason = CAST('abc' AS BLOB) WHERE leaf_index = 2")
    assert await objects_at(sqlite_stage) == 2
