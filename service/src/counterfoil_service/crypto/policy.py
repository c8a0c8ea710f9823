# SPDX-License-Identifier: Apache-2.0
"""A checkpoint held against a trust policy: which log signed it, and which witnesses did (C2SP tlog-policy) [R130]."""

from collections.abc import Iterable

import msgspec

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.witness_policy import WitnessPolicy, missing, parse_policy, satisfied
from counterfoil_service.crypto.notes import BadNote, VerifierKey, signers


class PolicyVerdict(msgspec.Struct, frozen=True):
    """`checkpoint` is signed by one of the logs. `missing` names witnesses that could complete the quorum."""

    checkpoint: Checkpoint
    satisfied: bool
    missing: tuple[str, ...]


def read_policy(data: bytes) -> WitnessPolicy:
    """The policy in this file; a `ValueError` names the line and the rule that it breaks."""
    return parse_policy(data, _key)


def judge(note: str, policy: WitnessPolicy, logs: Iterable[str] = ()) -> PolicyVerdict:
    """What the policy says of this signed checkpoint; `BadNote` where none of the policy's logs signed it.

    `logs` are vkeys of logs that are known from elsewhere: where there are any, and the policy names logs as well, only
    those that both name count.
    """
    named, known = set(policy.logs), set(logs)
    trusted = named & known if named and known else named | known
    text, found = signers(note, [*trusted, *policy.witnesses.values()])
    checkpoint = _checkpoint(text)
    if not any(key.text in trusted and key.name == checkpoint.origin for key in found):
        raise BadNote("no log that is trusted signed this checkpoint under its own name")
    cosigners = {key.text for key in found}
    return PolicyVerdict(checkpoint, satisfied(policy, cosigners), tuple(missing(policy, cosigners)))


def _checkpoint(text: str) -> Checkpoint:
    try:
        return Checkpoint.parse(text)
    except ValueError as error:
        raise BadNote(str(error)) from None


def _key(vkey: str) -> tuple[int, bytes]:
    try:
        key = VerifierKey.parse(vkey)
    except UnicodeEncodeError:
        raise BadNote("a key's name is UTF-8") from None
    return key.algorithm, key.public
