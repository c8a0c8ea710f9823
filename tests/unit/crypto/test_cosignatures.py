# SPDX-License-Identifier: Apache-2.0
"""Out of what a witness answers, the one line that is its cosignature of the checkpoint that was sent."""

import pytest

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.crypto.cosignatures import cosignature_line
from counterfoil_service.crypto.notes import COSIGNATURE, BadNote, NoteKey

LOG = NoteKey("log.example/audit", bytes(range(32)))
WITNESS = NoteKey("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
NAMESAKE = NoteKey("witness.example/w", bytes(32), COSIGNATURE)
BODY = Checkpoint(LOG.name, 9, bytes(32)).body()
NOTE = LOG.sign(BODY)
LINE = WITNESS.cosign(BODY, 1_795_000_000)


def found(answer: str | bytes) -> tuple[str, int]:
    return cosignature_line(answer.encode() if isinstance(answer, str) else answer, NOTE, WITNESS.vkey)


def test_the_line_and_its_time_are_found() -> None:
    assert found(LINE) == (LINE, 1_795_000_000)


def test_other_lines_are_passed_over() -> None:
    others = NAMESAKE.cosign(BODY, 1) + NOTE.rpartition("\n\n")[2] + "prose\n\n" + WITNESS.cosign(f"x{BODY}", 1)
    assert found(f"{others}{LINE}{others}") == (LINE, 1_795_000_000)
    assert found(b"\xff\n" + LINE.encode()) == (LINE, 1_795_000_000)


def test_the_line_joins_a_note_that_has_other_cosignatures_already() -> None:
    note = NOTE + NAMESAKE.cosign(BODY, 2)
    assert cosignature_line(LINE.encode(), note, WITNESS.vkey) == (LINE, 1_795_000_000)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n",
        NOTE,
        NAMESAKE.cosign(BODY, 1),
        WITNESS.cosign(Checkpoint(LOG.name, 10, bytes(32)).body(), 1),
        WITNESS.cosign(BODY + "extension\n", 1),
        f" {LINE}",
        LINE.replace("\n", " \n"),
        LINE.replace("\n", "\r\n"),
        LINE.replace("\N{EM DASH}", "-"),
        LINE.replace("w ", "v "),
        LINE[:-2] + "\n",
    ],
)
def test_what_is_no_cosignature_of_this_checkpoint_is_refused(answer: str) -> None:
    with pytest.raises(BadNote, match="no cosignature"):
        found(answer)


@pytest.mark.parametrize("place", range(0, len(LINE) - 1, 7))
def test_a_bent_line_is_none(place: int) -> None:
    bent = LINE[:place] + ("A" if LINE[place] != "A" else "B") + LINE[place + 1 :]
    with pytest.raises(BadNote, match="no cosignature"):
        found(bent)


def test_a_logs_key_is_no_witness() -> None:
    with pytest.raises(BadNote, match="no cosignature"):
        cosignature_line(NOTE.rpartition("\n\n")[2].encode(), NOTE, LOG.vkey)
