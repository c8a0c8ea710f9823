# SPDX-License-Identifier: Apache-2.0
"""Witnesses cosign the log as it grows, and refuse one that does not go on as they have seen it [R130] (A24)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from counterfoil_service.audit.witnesses import WitnessWorker, witness_workers
from counterfoil_service.operations.claim_cosigning import TURN_SECONDS
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint, newest_cosigned_checkpoint
from support import acting
from support.certificates import Authority
from support.cosigning import PACE, cosigners, grow, introduce, log_vkey, origin, worker_of
from support.stage import OpenStage, Stage
from support.witness import LoopbackWitness


@pytest.fixture
async def witness(stage: Stage) -> AsyncIterator[LoopbackWitness]:
    """Knows the stage's log."""
    async with LoopbackWitness(stage.clock) as opened:
        introduce(stage, opened)
        yield opened


async def test_a_checkpoint_is_cosigned_and_carries_the_line(stage: Stage, witness: LoopbackWitness) -> None:
    size = await grow(stage)
    assert await stage.database.read(newest_cosigned_checkpoint) is None
    assert await worker_of(stage, witness).work()
    assert witness.seen[origin(stage)][0] == size
    assert witness.requests[0].startswith(f"old 0\n\n{origin(stage)}\n{size}\n")
    assert await cosigners(stage, witness) == [stage.clock() // 1_000_000]
    assert await stage.database.read(newest_cosigned_checkpoint) == await stage.database.read(newest_checkpoint)


async def test_each_later_checkpoint_goes_out_once_with_a_proof_from_the_one_before(
    stage: Stage, witness: LoopbackWitness
) -> None:
    worker = worker_of(stage, witness)
    for logins in (1, 3, 1, 7):
        await grow(stage, logins)
        assert await worker.work()
        assert not await worker.work(), "it has the newest"
        assert None not in await cosigners(stage, witness)
    assert witness.answered == [200, 200, 200, 200]


async def test_an_empty_log_is_shown_to_nobody(stage: Stage, witness: LoopbackWitness) -> None:
    assert not await worker_of(stage, witness).work()
    assert await stage.database.read(newest_checkpoint) is None
    assert witness.requests == []


async def test_only_the_newest_checkpoint_goes_out(stage: Stage, witness: LoopbackWitness) -> None:
    for _ in range(3):
        size = await grow(stage, 1)
    assert await worker_of(stage, witness).work()
    assert [request.split("\n")[3] for request in witness.requests] == [str(size)]


async def test_while_the_newest_waits_for_its_witnesses_the_last_cosigned_one_is_there(
    stage: Stage, witness: LoopbackWitness
) -> None:
    await grow(stage)
    await worker_of(stage, witness).work()
    cosigned = await stage.database.read(newest_cosigned_checkpoint)
    await grow(stage)
    assert await stage.database.read(newest_cosigned_checkpoint) == cosigned
    assert await cosigners(stage, witness) == [None]


async def test_several_witnesses_cosign_each_by_itself(stage: Stage, witness: LoopbackWitness) -> None:
    async with LoopbackWitness(stage.clock, "other.example/w", bytes([1] * 32)) as other:
        await grow(stage)
        await worker_of(stage, witness).work()
        assert [time is not None for time in await cosigners(stage, witness, other)] == [True, False]
        other.logs = witness.logs
        await grow(stage)
        await worker_of(stage, other).work()
        assert [time is not None for time in await cosigners(stage, witness, other)] == [False, True]
        await worker_of(stage, witness).work()
        assert None not in await cosigners(stage, witness, other)


@pytest.mark.parametrize("forgets", ["the service", "the witness"])
async def test_what_one_side_forgot_the_other_tells(stage: Stage, witness: LoopbackWitness, forgets: str) -> None:
    """As after an answer that was lost, a service set up anew, or a witness that was put back."""
    await grow(stage)
    await worker_of(stage, witness).work()
    if forgets == "the service":
        await acting.execute(stage, "DELETE FROM cosignatures")
    else:
        witness.seen.clear()
    await grow(stage)
    assert await worker_of(stage, witness).work()
    assert witness.answered == [200, 409, 200]
    assert None not in await cosigners(stage, witness)


async def test_an_answer_that_was_lost_is_given_again_for_the_same_checkpoint(
    stage: Stage, witness: LoopbackWitness
) -> None:
    size = await grow(stage)
    await worker_of(stage, witness).work()
    await acting.execute(stage, "DELETE FROM cosignatures")
    await worker_of(stage, witness).work()
    assert witness.requests[-1].startswith(f"old {size}\n\n"), "no proof: nothing grew"
    assert None not in await cosigners(stage, witness)


async def test_replicas_ask_a_witness_in_turn_and_not_faster_than_the_pace(
    stage: Stage, witness: LoopbackWitness
) -> None:
    one, other = worker_of(stage, witness, "one"), worker_of(stage, witness, "other")
    await grow(stage)
    assert sorted(await asyncio.gather(one.work(), other.work())) == [False, True]
    await grow(stage)
    first, second = (one, other) if await one.work() else (other, one)
    await grow(stage)
    assert not await second.work()
    stage.clock.advance(PACE)
    assert await second.work()
    assert not await first.work()
    assert set(witness.answered) == {200}


async def test_a_replica_that_died_in_its_turn_is_replaced(stage: Stage, witness: LoopbackWitness) -> None:
    await grow(stage)
    witness.silent = True
    dying = asyncio.create_task(worker_of(stage, witness, "dying").work())
    async with asyncio.timeout(20):
        while not witness.requests:  # noqa: ASYNC110 - the witness tells nobody
            await asyncio.sleep(0.01)
    dying.cancel()
    witness.silent = False
    heir = worker_of(stage, witness, "heir")
    assert not await heir.work()
    stage.clock.advance(TURN_SECONDS)
    assert await heir.work()
    assert None not in await cosigners(stage, witness)


async def test_of_two_logs_of_one_size_a_witness_cosigns_one(
    stage: Stage,
    witness: LoopbackWitness,
    sqlite_url: str,
    tmp_path: Path,
    open_stage: OpenStage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A24: whoever holds the key shows two people two logs, and sooner or later asks the same witness."""
    size = await grow(stage, 1)
    await worker_of(stage, witness).work()
    url = sqlite_url.replace(".db", "-shown-to-others.db")
    async with open_stage(url, tmp_path / "others") as double:
        alike, keys = double.database.context, stage.database.context().keys
        double.database.context = lambda: msgspec.structs.replace(alike(), keys=keys)
        assert (await grow(double, 1), log_vkey(double)) == (size, log_vkey(stage))
        worker = worker_of(double, witness)
        await refuses(worker, double, caplog, f"another log of {size} entries")
        assert witness.answered == [200, *[409] * 4]
        await grow(double, 2)
        await refuses(worker, double, caplog, f"does not continue the {size} entries")
        assert witness.answered[5:] == [409, 422] * 2
        assert await double.count("cosignatures") == 0


async def test_a_log_that_was_rewritten_by_the_holder_of_its_key_is_refused_from_then_on(
    stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    await grow(stage, 3)
    worker = worker_of(stage, witness)
    await worker.work()
    # Everything again, tiles and checkpoints too, with one event changed.
    await acting.execute(stage, "UPDATE audit_events SET outcome = 'failure' WHERE leaf_index = 1")
    await acting.execute(stage, "UPDATE audit_events SET leaf_index = NULL")
    for table in ("log_tiles", "checkpoints"):
        await acting.execute(stage, f"DELETE FROM {table}")  # noqa: S608 - ours
    kept = await stage.rows("SELECT * FROM cosignatures")
    await grow(stage, 1)
    await refuses(worker, stage, caplog, "does not continue")
    for _ in range(3):
        await grow(stage, 1)
        assert await worker.work()
        stage.clock.advance(60)
    assert set(witness.answered[1:]) == {422}
    assert await stage.rows("SELECT * FROM cosignatures") == kept
    assert await cosigners(stage, witness) == [None]


async def test_a_log_that_was_cut_is_refused(
    stage: Stage, witness: LoopbackWitness, caplog: pytest.LogCaptureFixture
) -> None:
    """As after an old backup was played in: what was lost stays known to the witness."""
    await grow(stage, 1)
    ((tile,),) = await stage.rows("SELECT hashes FROM log_tiles")
    size = await grow(stage, 1)
    await worker_of(stage, witness).work()
    await acting.execute(stage, "UPDATE log_tiles SET hashes = :tile", tile=tile)
    await acting.execute(stage, "DELETE FROM checkpoints WHERE size = :size", size=size)
    await acting.execute(stage, "DELETE FROM cosignatures")
    await refuses(worker_of(stage, witness), stage, caplog, f"it has seen {size} entries, more than")


@pytest.mark.parametrize(
    ("name", "authorities"), [("127.0.0.1", "its own"), ("127.0.0.1", "others"), ("127.0.0.2", "its own")]
)
async def test_over_tls_a_witness_is_asked_when_the_systems_authorities_vouch_for_its_name(
    sqlite_stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, authorities: str
) -> None:
    authority = Authority(tmp_path / "authority")
    await grow(sqlite_stage)
    async with LoopbackWitness(sqlite_stage.clock, tls=authority.server(name)) as witness:
        introduce(sqlite_stage, witness)
        if authorities == "its own":
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        settings = msgspec.structs.replace(sqlite_stage.service.services.settings, audit_witnesses=(witness.setting,))
        (worker,) = witness_workers(sqlite_stage.database, settings, entropy=bytes)
        assert await worker.work()
        believed = authorities == "its own" and name in witness.url
        assert (len(witness.requests), await sqlite_stage.count("cosignatures")) == ((1, 1) if believed else (0, 0))


async def refuses(worker: WitnessWorker, stage: Stage, caplog: pytest.LogCaptureFixture, why: str) -> None:
    """The witness has seen another log, and the service cries out once, however often it asks."""
    caplog.clear()
    for _ in range(2):
        assert await worker.work()
        stage.clock.advance(60)
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert why in record.getMessage()
