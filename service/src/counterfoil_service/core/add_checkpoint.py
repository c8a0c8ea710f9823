# SPDX-License-Identifier: Apache-2.0
"""What a log and a witness say to each other about one checkpoint: C2SP tlog-witness, add-checkpoint [R130].

The signature lines that a witness answers with are for `crypto.cosignatures` to judge.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from counterfoil_service.core.checkpoint import base64_text, parse_decimal
from counterfoil_service.core.merkle import HASH_BYTES

PATH: Final = "/add-checkpoint"
"""Behind a witness's submission prefix."""
SIZE_TYPE: Final = "text/x.tlog.size"
"""Content type of a 409 that says at which size the witness knows the log."""
MAX_HASHES: Final = 63
MAX_ANSWER_BYTES: Final = 8 * 1024
"""Bytes of an answer's body: one line for each key of the witness, or one number."""


def request_body(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """The request: the size that the witness knows, what shows that the log only grew since, and its signed checkpoint.

    `proof` has 32 bytes a hash (RFC 9162 §2.1.4.1). Raises `ValueError` for a proof that no witness may be sent.
    """
    if len(proof) > MAX_HASHES or any(len(value) != HASH_BYTES for value in proof):
        raise ValueError(f"a witness takes at most {MAX_HASHES} hashes of {HASH_BYTES} bytes")
    if proof and not old_size:
        raise ValueError("a witness that knows nothing takes no proof")
    return "\n".join([f"old {old_size}", *map(base64_text, proof), "", note]).encode()


def known_size(headers: Mapping[str, str], body: bytes) -> int:
    """The size that a 409 names; `headers` have their names in lower case. Raises `ValueError` where it names none.

    A witness that knows another root of the very size that it was sent answers 409 as well.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = body.decode("ascii", "replace")
    if media_type != SIZE_TYPE or not text.endswith("\n"):
        raise ValueError(f"a size is told as {SIZE_TYPE}: a number and a newline")
    return parse_decimal(text[:-1])
