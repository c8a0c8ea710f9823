# SPDX-License-Identifier: Apache-2.0
"""Strangers believe our log, and disbelieve the same things: metamorphic-log (Rust), aics-tlog (Python 3.12 and later).

`aics-tlog` asks for Python 3.12, so its tests exist there alone; nothing is skipped on 3.11, where the Rust one judges.
"""

import random
import sys
from collections.abc import Iterator

import metamorphic_log
import pytest

from counterfoil_service.core import tiles
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import verify_consistency, verify_inclusion
from counterfoil_service.crypto.notes import NoteKey
from support.rfc9162 import EQUAL_LEAF, equal_tiles, leaves_of

ORIGIN = "id.example/audit"
LOG = NoteKey(ORIGIN, bytes(range(32)))
EQUAL, TAIL = 1_000_000, leaves_of(2_000)
"""A log of a million equal entries and two thousand different ones."""
STORE = tiles.append(EQUAL, TAIL, equal_tiles(EQUAL))
SIZE = EQUAL + len(TAIL)
COUNT = 250


def read(level: int, index: int) -> bytes:
    return STORE.get((level, index)) or equal_tiles(EQUAL)(level, index)


def leaf(index: int) -> bytes:
    return EQUAL_LEAF if index < EQUAL else TAIL[index - EQUAL]


def sizes() -> Iterator[int]:
    """Small and large, at the edges of tiles and anywhere."""
    chance = random.Random(9162)
    yield from (1, 2, 3, 255, 256, 257, 65_535, 65_536, 65_537, EQUAL, SIZE)
    while True:
        yield chance.randint(1, chance.choice([40, 70_000, SIZE]))


def inclusions() -> Iterator[tuple[int, int, bytes, list[bytes], bytes]]:
    """Index, size, leaf, proof and root."""
    chance = random.Random(6962)
    for _, size in zip(range(COUNT), sizes(), strict=False):
        index = chance.choice([0, size - 1, chance.randrange(size)])
        yield index, size, leaf(index), tiles.inclusion_proof(index, size, read), tiles.root(size, read)


def growths() -> Iterator[tuple[int, int, list[bytes], bytes, bytes]]:
    """Old and new size, proof, old and new root."""
    chance = random.Random(6962)
    for _, new in zip(range(COUNT), sizes(), strict=False):
        old = chance.choice([1, new, chance.randint(1, new)])
        shown = tiles.consistency_proof(old, new, read)
        yield old, new, shown, tiles.root(old, read), tiles.root(new, read)


def bent(hashes: list[bytes]) -> list[list[bytes]]:
    """One hash more, one less, and one with a bit turned."""
    turned = [bytes([value[0] ^ 1]) + value[1:] for value in hashes[:1]]
    return [[*hashes, bytes(32)], *([hashes[:-1], turned + hashes[1:]] if hashes else [])]


def note_of(size: int) -> str:
    return LOG.sign(Checkpoint(ORIGIN, size, tiles.root(size, read)).body())


def rust_believes_inclusion(index: int, size: int, hashed: bytes, shown: list[bytes], root: bytes) -> bool:
    try:
        metamorphic_log.verify_inclusion(index, size, hashed, shown, root)
    except metamorphic_log.VerifyError:
        return False
    return True


def rust_believes_growth(old: int, new: int, shown: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    try:
        metamorphic_log.verify_consistency(old, new, shown, old_root, new_root)
    except metamorphic_log.VerifyError:
        return False
    return True


def test_metamorphic_log_believes_every_inclusion_and_no_bent_one() -> None:
    for index, size, hashed, shown, root in inclusions():
        assert rust_believes_inclusion(index, size, hashed, shown, root)
        for other in bent(shown):
            assert not rust_believes_inclusion(index, size, hashed, other, root)
            assert not verify_inclusion(hashed, index, size, other, root)


def test_metamorphic_log_believes_every_growth_and_no_bent_one() -> None:
    for old, new, shown, old_root, new_root in growths():
        assert rust_believes_growth(old, new, shown, old_root, new_root)
        for other in bent(shown):
            assert not rust_believes_growth(old, new, other, old_root, new_root)
            assert not verify_consistency(old, old_root, new, new_root, other)


def test_metamorphic_log_opens_our_checkpoints_and_judges_proofs_under_them() -> None:
    newest = note_of(SIZE)
    for _, size in zip(range(COUNT), sizes(), strict=False):
        note = note_of(size)
        head = metamorphic_log.checkpoint_verify(note, [LOG.vkey])
        assert (head.origin, head.size, head.root, head.extensions) == (ORIGIN, size, tiles.root(size, read), [])
        proof = tiles.inclusion_proof(size - 1, size, read)
        metamorphic_log.checkpoint_verify_inclusion(note, [LOG.vkey], size - 1, leaf(size - 1), proof)
        grown = tiles.consistency_proof(size, SIZE, read)
        metamorphic_log.checkpoint_verify_consistency(note, newest, [LOG.vkey], grown)


def test_metamorphic_log_refuses_our_checkpoints_under_another_size_or_key() -> None:
    other = NoteKey(ORIGIN, bytes(32))
    for note, key in ((note_of(256).replace("256", "257"), LOG), (note_of(256), other), (note_of(256)[:-1], LOG)):
        with pytest.raises(metamorphic_log.VerifyError):
            metamorphic_log.checkpoint_verify(note, [key.vkey])


if sys.version_info >= (3, 12):
    import aics_tlog
    from aics_tlog import note as aics_note
    from aics_tlog.verified import AuditReport

    from counterfoil_service.core import tile_files
    from counterfoil_service.crypto.notes import COSIGNATURE

    def test_aics_tlog_believes_every_inclusion_and_no_bent_one() -> None:
        for index, size, hashed, shown, root in inclusions():
            assert aics_tlog.verify_inclusion(hashed, index, size, shown, root)
            for other in bent(shown):
                assert not aics_tlog.verify_inclusion(hashed, index, size, other, root)

    def test_aics_tlog_believes_every_growth_and_no_bent_one() -> None:
        for old, new, shown, old_root, new_root in growths():
            assert aics_tlog.verify_consistency(old, new, old_root, new_root, shown)
            for other in bent(shown):
                assert not aics_tlog.verify_consistency(old, new, old_root, new_root, other)

    def test_aics_tlog_opens_our_checkpoints_with_their_witnesses() -> None:
        witness = NoteKey("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
        for _, size in zip(range(COUNT), sizes(), strict=False):
            note = note_of(size)
            body = note.partition("\n\n")[0] + "\n"
            parsed = aics_note.parse_note(note + witness.cosign(body, 1_767_000_000))
            log_key, witness_key = aics_note.parse_vkey(LOG.vkey), aics_note.parse_vkey(witness.vkey)
            result = aics_tlog.verify_checkpoint(parsed, log_key, [witness_key], quorum=1)
            assert (result.ok, result.error) == (True, None)
            assert (result.origin, result.size, result.root) == (ORIGIN, size, tiles.root(size, read))
            assert result.timestamps == {witness.name: 1_767_000_000}

    def test_aics_tlog_audits_our_folder_of_tiles_and_entries() -> None:
        for size in (1, 255, 256, 257, 600, 1100):
            entries = [b"entry %d" % number for number in range(size)]
            written = tiles.append(0, leaves_of(size), read)
            files = {
                tile_files.tile_path(level, index, len(tile) // 32): tile for (level, index), tile in written.items()
            }
            for start in range(0, size, 256):
                bundle = entries[start : start + 256]
                files[tile_files.entries_path(start // 256, len(bundle))] = tile_files.entry_bundle(bundle)
            assert files == aics_tlog.tiles.materialise_tiles(entries)
            root = tiles.root(size, tiles.reader(written))
            report = aics_tlog.audit_tiles(aics_tlog.MemoryTileReader(files), size, root)
            assert report == AuditReport(size, len(written), len(files) - len(written))
