# SPDX-License-Identifier: Apache-2.0
"""The log over HTTP: what an auditor's own tools need to check it without us (C2SP tlog-tiles, tlog-proof)."""

from hashlib import sha256

import pytest

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.core.tile_files import parse_bundle
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto.notes import open_note
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from support import acting
from support.auditor import Auditor, seal
from support.log import grow_log
from support.rfc9162 import mth
from support.stage import Stage


@pytest.fixture
async def auditor(stage: Stage) -> Auditor:
    """Over a log of 256 entries and a few more."""
    hired = await Auditor.hired(stage)
    await grow_log(stage.database, 300)
    await seal(stage)
    return hired


def hashed(entry: bytes) -> bytes:
    """As RFC 9162 §2.1.1 has it for a leaf."""
    return sha256(b"\0" + entry).digest()


def vkey_of(stage: Stage) -> str:
    context = stage.database.context()
    return log_key(context.keys, context.settings).vkey


async def checkpoint_of(auditor: Auditor) -> Checkpoint:
    answer = await auditor.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    text, _ = open_note(answer.content, [vkey_of(auditor.stage)])
    return Checkpoint.parse(text)


async def entries_of(auditor: Auditor, size: int) -> list[bytes]:
    first = await auditor.get("/log/tile/entries/000")
    rest = await auditor.get(f"/log/tile/entries/001.p/{size - 256}")
    assert (first.status_code, rest.status_code) == (200, 200)
    return parse_bundle(first.content) + parse_bundle(rest.content)


async def test_entries_tiles_and_checkpoint_fit_each_other_by_somebody_elses_arithmetic(auditor: Auditor) -> None:
    checkpoint = await checkpoint_of(auditor)
    assert checkpoint.origin == "id.example/log"
    entries = await entries_of(auditor, checkpoint.size)
    assert len(entries) == checkpoint.size > 256
    hashes = [hashed(entry) for entry in entries]
    assert mth(hashes) == checkpoint.root
    assert (await auditor.get("/log/tile/0/000")).content == b"".join(hashes[:256])
    assert (await auditor.get("/log/tile/1/000.p/1")).content == mth(hashes[:256])
    assert [parse_leaf(entry).v for entry in entries[:3]] == [1, 1, 1]
    assert (await auditor.get("/audit/checkpoint")).content == (await auditor.get("/log/checkpoint")).content


async def test_a_full_tile_may_be_kept_for_good_and_a_partial_one_not(auditor: Auditor) -> None:
    size = (await checkpoint_of(auditor)).size
    assert "immutable" in (await auditor.get("/log/tile/0/000")).headers["cache-control"]
    for path in (f"/log/tile/0/001.p/{size - 256}", "/log/tile/entries/000"):
        assert (await auditor.get(path)).headers["cache-control"] == "no-store"
    early = await auditor.get("/log/tile/0/000.p/7")
    assert early.content == (await auditor.get("/log/tile/0/000")).content[: 7 * 32]


async def test_every_entrys_proof_holds_against_the_public_key_alone(auditor: Auditor) -> None:
    size = (await checkpoint_of(auditor)).size
    entries = await entries_of(auditor, size)
    for index in (0, 1, 255, 256, size - 1):
        answer = await auditor.get(f"/audit/proof/{index}")
        assert answer.text.startswith(f"c2sp.org/tlog-proof@v1\nindex {index}\n")
        proof = TlogProof.parse(answer.text)
        text, _ = open_note(proof.note, [vkey_of(auditor.stage)])
        assert proof.proves(hashed(entries[index]), Checkpoint.parse(text))
        assert not proof.proves(sha256(b"another").digest(), Checkpoint.parse(text))


NOT_THERE = [
    *("/audit/proof/-1", "/audit/proof/00", "/audit/proof/1.0", "/audit/proof/99999", "/audit/proof/x"),
    f"/audit/proof/{2**63}",
    *("/log/tile/0/001", "/log/tile/0/000.p/256", "/log/tile/0/0", "/log/tile/64/000", "/log/tile/2/000.p/1"),
    *("/log/tile/entries/001", "/log/tile/entries/000.p/0", "/log/tile/0/../../../etc/passwd", "/log/tile/0/"),
    "/log/tile/0/x009/999",
    "/log/tile/entries/x035/x184/x372/x088/832",
]


async def test_what_the_log_does_not_have_is_not_found(auditor: Auditor) -> None:
    for path in NOT_THERE:
        answer = await auditor.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), path


async def test_a_bundle_from_which_somebody_deleted_an_entry_is_not_passed_off_as_whole(auditor: Auditor) -> None:
    await acting.execute(auditor.stage, "DELETE FROM audit_events WHERE leaf_index = 100")
    assert (await auditor.get("/log/tile/entries/000")).status_code == 404
    assert (await auditor.get("/log/tile/entries/000.p/100")).status_code == 200


async def test_an_empty_log_has_nothing_to_show(stage: Stage) -> None:
    auditor = await Auditor.hired(stage)
    for path in ("/log/checkpoint", "/audit/proof/0", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"):
        assert (await auditor.get(path)).status_code == 404


async def test_of_a_pruned_log_the_hashes_are_there_and_proofs_of_the_rest_still_hold(auditor: Auditor) -> None:
    kept = (await auditor.get("/log/tile/0/000")).content
    auditor.stage.clock.advance(1)
    before = auditor.stage.clock.now
    assert await auditor.stage.database.write(prune_log, PruneLog(before, 9, "by_operator")) == 1
    assert (await auditor.get("/log/tile/entries/000")).status_code == 404
    assert (await auditor.get("/log/tile/0/000")).content == kept
    size = await seal(auditor.stage)
    last = parse_bundle((await auditor.get(f"/log/tile/entries/001.p/{size - 256}")).content)[-1]
    proof = TlogProof.parse((await auditor.get(f"/audit/proof/{size - 1}")).text)
    text, _ = open_note(proof.note, [vkey_of(auditor.stage)])
    assert proof.proves(hashed(last), Checkpoint.parse(text))
