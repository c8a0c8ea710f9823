# SPDX-License-Identifier: Apache-2.0
"""What a witness answers to a checkpoint: which of its lines is the cosignature that was asked for [R130]."""

from counterfoil_service.crypto.notes import BadNote, signers


def cosignature_line(answer: bytes, note: str, vkey: str) -> tuple[str, int]:
    """The line, with its newline, by which this key cosigned this very checkpoint, and when, in Unix seconds.

    `answer` is a sequence of signature lines (tlog-witness, add-checkpoint), `note` the signed checkpoint that was
    sent. What else stands in the answer is passed over; `BadNote` where no line is such a cosignature.
    """
    text = note.rpartition("\n\n")[0]
    for line in answer.decode("utf-8", "replace").split("\n"):
        try:
            _, found = signers(f"{text}\n\n{line}\n", [vkey])
        except BadNote:
            continue
        for time in found.values():
            if time is not None:
                return f"{line}\n", time
    raise BadNote("the answer has no cosignature by this key that fits this checkpoint")
