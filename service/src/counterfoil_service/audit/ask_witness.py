# SPDX-License-Identifier: Apache-2.0
"""One conversation with a witness: a checkpoint goes out, a verified cosignature comes back (C2SP tlog-witness) [R130].

Nothing that a witness says is believed: its line is verified over the very checkpoint that was sent, and its time
against our clock.
"""

import ssl
from collections.abc import Awaitable, Callable
from functools import partial

from counterfoil_service.core.add_checkpoint import MAX_ANSWER_BYTES, PATH, known_size, request_body
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.cosignatures import cosignature_line
from counterfoil_service.crypto.notes import BadNote
from counterfoil_service.db.cosignatures import Cosignature
from counterfoil_service.db.engine import Clock
from counterfoil_service.db.log import SignedCheckpoint
from counterfoil_service.http_post import Answer, post
from counterfoil_service.operations.claim_cosigning import Uncosigned
from counterfoil_service.settings import Witness

ANSWER_SECONDS = 10
MAX_SKEW_SECONDS = 300
"""How far a witness's clock may be from ours: a cosignature says when the log was seen."""

_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422
_WORDS = {
    403: "it does not trust this log's key: give it the one that `counterfoil audit checkpoint` prints",
    404: "it does not know this log: have it added there",
}

Prove = Callable[[int, int], Awaitable[list[bytes]]]
"""Two sizes of our log to the proof that the second begins with the first."""


class WitnessError(Exception):
    """Why there is no cosignature; `forked` where the witness has seen a log that ours does not continue."""

    def __init__(self, what: str, *, forked: bool = False) -> None:
        super().__init__(what)
        self.forked = forked


async def ask_witness(
    witness: Witness, lacking: Uncosigned, prove: Prove, clock: Clock, tls: ssl.SSLContext | None
) -> Cosignature:
    """The witness's cosignature of this checkpoint, asked for at most twice; WitnessError where there is none."""
    checkpoint, known = lacking.checkpoint, lacking.known_size
    ask = partial(_ask, witness, checkpoint, prove, tls)
    answer = await ask(known)
    if answer.status == _CONFLICT:
        known = _told_size(answer, known, checkpoint.size)
        answer = await ask(known)
    if answer.status == _CONFLICT:
        _told_size(answer, known, checkpoint.size)
        raise WitnessError("it told two sizes, one after the other")
    if answer.status == _UNPROCESSABLE:
        raise WitnessError(f"this log does not continue the {known} entries that it has seen", forked=True)
    if answer.status != _OK:
        raise WitnessError(_WORDS.get(answer.status, f"it answered {answer.status}"))
    return _cosignature(witness, checkpoint, answer, clock)


async def _ask(
    witness: Witness, checkpoint: SignedCheckpoint, prove: Prove, tls: ssl.SSLContext | None, known: int
) -> Answer:
    try:
        proof = await prove(known, checkpoint.size)
    except ValueError:
        raise WitnessError("our own tiles do not show how the log grew", forked=True) from None
    try:
        return await post(
            f"{witness.url}{PATH}",
            body=request_body(known, proof, checkpoint.note),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=ANSWER_SECONDS,
            limit=MAX_ANSWER_BYTES,
            tls=tls,
        )
    except (OSError, UnicodeError) as error:  # the latter for a host that no resolver can be asked for
        raise WitnessError(f"no answer ({type(error).__name__})") from None


def _told_size(answer: Answer, sent: int, size: int) -> int:
    """What the witness knows: another size than was sent, and one that our log has. WitnessError for all else."""
    try:
        told = known_size(answer.headers, answer.body or b"")
    except ValueError:
        told = sent
    if told > size:
        raise WitnessError(f"it has seen {told} entries, more than this log has", forked=True)
    if told == sent == size:
        raise WitnessError(f"it has seen another log of {size} entries", forked=True)
    if told == sent:
        raise WitnessError("it answered 409 without another size")
    return told


def _cosignature(witness: Witness, checkpoint: SignedCheckpoint, answer: Answer, clock: Clock) -> Cosignature:
    try:
        line, seconds = cosignature_line(answer.body or b"", checkpoint.note, witness.vkey)
    except BadNote:
        raise WitnessError("its cosignature is not by its key, or not of this checkpoint") from None
    if abs(seconds - clock() // SECOND) > MAX_SKEW_SECONDS:
        raise WitnessError(f"its clock is more than {MAX_SKEW_SECONDS} seconds from ours")
    return Cosignature(witness.vkey, checkpoint.size, line, seconds * SECOND)
