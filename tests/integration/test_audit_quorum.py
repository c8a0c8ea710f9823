# SPDX-License-Identifier: Apache-2.0
"""The live log under a policy: the newest checkpoint must be cosigned, and witnesses are given a moment for it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.audit import newest_note
from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.cli.audit_checkpoint import _sealed
from counterfoil_service.cli.audit_export import _write_folder
from counterfoil_service.cli.verification import Verdict, Wanted, verify_live
from counterfoil_service.crypto.notes import COSIGNATURE, NoteKey
from counterfoil_service.db import cosignatures
from counterfoil_service.db.cosignatures import Cosignature
from support import acting
from support.stage import OpenStage, Stage
from support.verifying import grown, newest_of, vkey_of

WITNESS = NoteKey("witness.example/w", bytes(range(32)), COSIGNATURE)
TIME = 1_795_000_000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_note, "_SECONDS", 0.01)


async def cosign(stage: Stage) -> None:
    """The witness has seen the newest checkpoint."""
    note = await newest_of(stage.database)
    body = note.partition("\n\n")[0] + "\n"
    row = Cosignature(WITNESS.vkey, int(body.split("\n")[1]), WITNESS.cosign(body, TIME), TIME * 1_000_000)
    await stage.database.transact(lambda tx: cosignatures.store(tx, row))


async def verified(stage: Stage, folder: Path) -> Verdict:
    policy = folder / "policy"
    policy.write_text(f"log {vkey_of(stage.database)}\nwitness W {WITNESS.vkey}\nquorum W\n", "utf-8")
    wanted: dict[str, Any] = dict.fromkeys(("folder", "entries", "key", "resume"))
    return await verify_live(stage.database, wanted=Wanted(**wanted, against=(), policy=policy))


async def test_the_newest_checkpoint_must_have_the_quorum(stage: Stage, tmp_path: Path) -> None:
    await grown(stage.database, 3)
    quorum = (await verified(stage, tmp_path)).quorum
    assert quorum is not None
    assert quorum.endswith("it lacks W")
    await cosign(stage)
    assert (await verified(stage, tmp_path)).quorum is None
    await grown(stage.database, 1)
    assert (await verified(stage, tmp_path)).quorum is not None, "an older one was cosigned, the newest was not"


async def test_a_witness_that_is_a_moment_behind_is_waited_for(sqlite_stage: Stage, tmp_path: Path) -> None:
    await grown(sqlite_stage.database, 3)
    verifying = asyncio.create_task(verified(sqlite_stage, tmp_path))
    await asyncio.sleep(0.03)
    assert not verifying.done()
    await cosign(sqlite_stage)
    assert (await verifying).quorum is None


async def test_an_edited_log_is_objected_to_whatever_the_witnesses_say(sqlite_stage: Stage, tmp_path: Path) -> None:
    await grown(sqlite_stage.database, 3)
    await cosign(sqlite_stage)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET reason = 'made_up' WHERE leaf_index = 1")
    with pytest.raises(AlteredError, match="entry 1 "):
        await verified(sqlite_stage, tmp_path)


async def test_a_damaged_newest_checkpoint_is_objected_to_whatever_the_policy(
    sqlite_stage: Stage, tmp_path: Path
) -> None:
    await grown(sqlite_stage.database, 3)
    await acting.execute(sqlite_stage, "UPDATE checkpoints SET note = replace(note, '/log', '/lag')")
    with pytest.raises(AlteredError, match="cannot be read, or its signature is not by this key"):
        await verified(sqlite_stage, tmp_path)


async def test_what_is_printed_and_exported_carries_the_cosignatures(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path) as stage:
        await grown(stage.database, 3)
        await cosign(stage)
        note, vkey = await _sealed(stage.database)
        assert f"\n— {WITNESS.name} " in note
        assert vkey == vkey_of(stage.database)
        await _write_folder(stage.database, folder=tmp_path / "log")
        assert (tmp_path / "log" / "checkpoint").read_text("utf-8") == note
