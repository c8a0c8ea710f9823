# SPDX-License-Identifier: Apache-2.0
"""What is kept of witnesses: the largest size that each cosigned, and the checkpoints that others get with it."""

import asyncio
from functools import partial

import pytest

from counterfoil_service.core import tiles
from counterfoil_service.core.merkle import verify_consistency
from counterfoil_service.db import cosignatures, log
from counterfoil_service.db.cosignatures import Cosignature
from counterfoil_service.db.engine import Transaction
from counterfoil_service.db.log import SignedCheckpoint
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint, newest_cosigned_checkpoint
from counterfoil_service.operations.read_proof import read_proof
from counterfoil_service.operations.store_cosignature import StoreCosignature, store_cosignature
from support.rfc9162 import leaves_of, mth
from support.stage import Stage


async def stores(stage: Stage, witness: str, size: int, line: str | None = None) -> bool:
    cosignature = Cosignature(witness, size, line or f"{witness} {size}\n", stage.clock())
    return await stage.database.write(store_cosignature, StoreCosignature(cosignature, "somebody"))


async def add_checkpoints(stage: Stage, *sizes: int) -> None:
    for size in sizes:
        checkpoint = SignedCheckpoint(size, bytes(32), stage.clock(), f"note of {size}\n")
        await stage.database.transact(partial(log.add_checkpoint, checkpoint=checkpoint))


async def test_a_witness_never_goes_back(stage: Stage) -> None:
    assert await stores(stage, "A", 5)
    assert not await stores(stage, "A", 4)
    assert not await stores(stage, "A", 5, "another line\n")
    assert await stage.rows("SELECT size, line FROM cosignatures") == [(5, "A 5\n")]
    assert await stores(stage, "A", 6)
    assert await stage.database.read(cosignatures.size_of, "A") == 6
    assert await stage.database.read(cosignatures.size_of, "B") == 0


async def test_answers_that_come_in_any_order_leave_the_largest(stage: Stage) -> None:
    await asyncio.gather(*(stores(stage, "A", size) for size in (3, 9, 1, 7, 9, 2)))
    assert await stage.rows("SELECT size, line FROM cosignatures") == [(9, "A 9\n")]


async def test_a_checkpoint_carries_the_lines_of_its_own_size_alone(stage: Stage) -> None:
    await add_checkpoints(stage, 5, 9, 12)
    for witness, size in (("B", 9), ("A", 9), ("C", 5)):
        await stores(stage, witness, size)
    assert await stage.database.read(newest_checkpoint) == "note of 12\n"
    assert await stage.database.read(newest_cosigned_checkpoint) == "note of 9\nA 9\nB 9\n"
    await stores(stage, "C", 12)
    assert await stage.database.read(newest_checkpoint) == "note of 12\nC 12\n"
    assert await stage.database.read(newest_cosigned_checkpoint) == "note of 12\nC 12\n"


async def test_a_line_without_its_checkpoint_is_given_to_nobody(stage: Stage) -> None:
    await add_checkpoints(stage, 5)
    await stores(stage, "A", 7)
    assert await stage.database.read(newest_checkpoint) == "note of 5\n"
    assert await stage.database.read(newest_cosigned_checkpoint) is None


async def test_proofs_of_growth_are_made_from_the_tiles_in_the_database(stage: Stage) -> None:
    leaves, sizes = leaves_of(700), (1, 2, 255, 256, 257, 511, 512, 600, 700)

    async def fill(tx: Transaction) -> None:
        for (level, index), content in tiles.append(0, leaves, tiles.reader({})).items():
            await log.write_tile(tx, level, index, content)

    await stage.database.transact(fill)
    for old in sizes:
        for new in (each for each in sizes if each >= old):
            proof = await stage.database.read(
                read_proof, lambda read, a=old, b=new: tiles.consistency_proof(a, b, read)
            )
            assert verify_consistency(old, mth(leaves[:old]), new, mth(leaves[:new]), proof)


async def test_a_tile_that_is_not_there_is_an_error_and_no_endless_search(stage: Stage) -> None:
    with pytest.raises(ValueError, match="tile 0/0"):
        await stage.database.read(read_proof, lambda read: tiles.consistency_proof(3, 5, read))
