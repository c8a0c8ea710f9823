# SPDX-License-Identifier: Apache-2.0
"""Verify one entry in place, with the very code of the offline verifier: leaf, path, root, signature, step by step."""

from collections.abc import Sequence

import msgspec

from counterfoil_service.core.checkpoint import Checkpoint, base64_text, parse_base64
from counterfoil_service.core.merkle import Step, inclusion_steps
from counterfoil_service.core.timeline import SECOND
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto.notes import BadNote, VerifierKey, open_note, signers
from counterfoil_service.settings.witnesses import Witness


class Cosigned(msgspec.Struct, frozen=True):
    """A witness that vouches for the checkpoint; `time` in microseconds UTC."""

    name: str
    time: int


class Verification(msgspec.Struct, frozen=True):
    """`checkpoint` None: its note is not signed by the log's key. `steps` None: the proof is none for this place."""

    leaf: bytes
    checkpoint: Checkpoint | None
    steps: list[Step] | None
    cosigned: list[Cosigned]
    signed_text: str
    signature: str
    """Of the log's own key over `signed_text`, 64 bytes in base64; empty where there is none."""
    public_key: str
    """32 bytes in base64 (RFC 8032 §5.1.5)."""

    @property
    def root(self) -> bytes | None:
        """What the leaf and the path come to."""
        if self.steps is None:
            return None
        return self.steps[-1].result if self.steps else self.leaf

    @property
    def holds(self) -> bool:
        """Whether the entry is in the log that was signed."""
        return self.checkpoint is not None and self.root == self.checkpoint.root


def verify_proof(leaf: bytes, proof: TlogProof, vkey: str, witnesses: Sequence[Witness]) -> Verification:
    """Hold the entry of this leaf hash against its proof; whatever does not fit is told and never raised."""
    checkpoint, key = _checkpoint(proof.note, vkey), VerifierKey.parse(vkey)
    # The size stands in the note: where the note is not to be believed, nothing is computed from it.
    steps = None if checkpoint is None else inclusion_steps(leaf, proof.index, checkpoint.size, proof.hashes)
    return Verification(
        leaf=leaf,
        checkpoint=checkpoint,
        steps=steps,
        cosigned=_cosigned(proof.note, witnesses),
        signed_text=proof.note.rpartition("\n\n")[0] + "\n",
        signature=_signature(proof.note, key),
        public_key=base64_text(key.public),
    )


def _checkpoint(note: str, vkey: str) -> Checkpoint | None:
    try:
        text, _ = open_note(note, [vkey])
        return Checkpoint.parse(text)
    except (BadNote, ValueError):
        return None


def _cosigned(note: str, witnesses: Sequence[Witness]) -> list[Cosigned]:
    """Those of the settings whose line fits: one that does not, spoils no other."""
    found = list[Cosigned]()
    for witness in witnesses:
        try:
            _, signed = signers(note, [witness.vkey])
        except BadNote:
            continue
        found += [Cosigned(witness.name, time * SECOND) for time in signed.values() if time is not None]
    return found


def _signature(note: str, key: VerifierKey) -> str:
    """Of this key the first, for who computes it once more; whether it fits was asked by then."""
    for line in note.rpartition("\n\n")[2].splitlines():
        name, _, text = line.removeprefix("\N{EM DASH} ").rpartition(" ")
        signature = _bytes(text)
        if name == key.name and signature.startswith(key.id):
            return base64_text(signature.removeprefix(key.id))
    return ""


def _bytes(text: str) -> bytes:
    try:
        return parse_base64(text)
    except ValueError:
        return b""
