# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is what the log's key signed under the log's name, and nothing else."""

import pytest

from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import EMPTY_ROOT, leaf_hash
from counterfoil_service.crypto.notes import COSIGNATURE, NoteKey

KEY = NoteKey("log.example/log", bytes(range(32)))
CHECKPOINT = Checkpoint(KEY.name, 7, leaf_hash(b""))
NOTE = KEY.sign(CHECKPOINT.body())


def test_what_the_key_signed_is_read_with_whatever_others_added() -> None:
    witness = NoteKey("witness.example/w", bytes(32), COSIGNATURE)
    for note in (NOTE, NOTE + witness.cosign(CHECKPOINT.body(), 1_795_000_000)):
        assert read_checkpoint(note, KEY.vkey) == CHECKPOINT
    empty = Checkpoint(KEY.name, 0, EMPTY_ROOT)
    assert read_checkpoint(KEY.sign(empty.body()), KEY.vkey) == empty


@pytest.mark.parametrize(
    "note",
    [
        "",
        CHECKPOINT.body(),
        NOTE.replace("\n7\n", "\n8\n"),
        NOTE[:-6] + "AAAA=\n",
        NoteKey(KEY.name, bytes(32)).sign(CHECKPOINT.body()),
        NoteKey("other.example/log", bytes(range(32))).sign(CHECKPOINT.body()),
        KEY.sign(CHECKPOINT.body() + "extension\n"),
        KEY.sign("any text\n"),
    ],
)
def test_any_other_text_is_none(note: str) -> None:
    with pytest.raises(AlteredError, match="cannot be read, or its signature is not by this key"):
        read_checkpoint(note, KEY.vkey)


def test_a_checkpoint_of_another_log_by_the_same_key_is_none_of_this_one() -> None:
    other = Checkpoint("other.example/log", 7, leaf_hash(b""))
    with pytest.raises(AlteredError, match="of another log"):
        read_checkpoint(KEY.sign(other.body()), KEY.vkey)
