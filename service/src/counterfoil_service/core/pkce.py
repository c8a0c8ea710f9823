# SPDX-License-Identifier: Apache-2.0
"""Proof Key for Code Exchange (RFC 7636), S256 alone [R54], and the four fields that ask for the way home together."""

import hmac
import re
from hashlib import sha256

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url

METHOD = "S256"
MAX_STATE = 512

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_STATE = re.compile(r"[\x20-\x7e]+")


class WayHome(msgspec.Struct, frozen=True):
    """What a device sends along so that the browser may return to it; the URI is not yet held against any policy."""

    redirect_uri: str
    state: str
    code_challenge: str

    def __repr__(self) -> str:
        return "WayHome(...)"


def way_home(
    *, redirect_uri: str | None, state: str | None, challenge: str | None, method: str | None
) -> WayHome | None:
    """All four or none (protocol.md §2); a Refusal names what is missing or malformed."""
    fields = {
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": method,
    }
    missing = [name for name, value in fields.items() if value is None]
    if len(missing) == len(fields):
        return None
    if redirect_uri is None or state is None or challenge is None or method is None:
        given = next(name for name, value in fields.items() if value is not None)
        raise Refusal(ErrorCode.INVALID_REQUEST, f"{missing[0]}: {given} needs it; send all four fields or none")
    check_state(state)
    check_challenge(challenge, method)
    return WayHome(redirect_uri, state, challenge)


def check_state(state: str) -> None:
    """Refuse what could not be carried back unchanged."""
    if len(state) > MAX_STATE or not _STATE.fullmatch(state):
        raise Refusal(
            ErrorCode.INVALID_REQUEST, f"state: 1 to {MAX_STATE} characters of printable ASCII (RFC 6749, A.5)"
        )


def check_challenge(challenge: str, method: str | None) -> None:
    """Refuse every method but S256, and what no SHA-256 gives; a missing method would mean `plain` (RFC 7636 §4.3)."""
    if method != METHOD:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"code_challenge_method: must be {METHOD}")
    if not _CHALLENGE.fullmatch(challenge):
        raise Refusal(ErrorCode.INVALID_REQUEST, "code_challenge: 43 base64url characters, the SHA-256 of the verifier")


def check_verifier(verifier: str) -> None:
    """Refuse what RFC 7636 §4.1 does not let a verifier be."""
    if not _VERIFIER.fullmatch(verifier):
        raise Refusal(ErrorCode.INVALID_REQUEST, "code_verifier: 43 to 128 characters of A-Z a-z 0-9 . _ ~ -")


def challenge_of(verifier: str) -> str:
    """S256."""
    return base64url(sha256(verifier.encode()).digest())


def fits(verifier: str, challenge: str) -> bool:
    """Whether the challenge was made of this verifier, in constant time."""
    return hmac.compare_digest(challenge_of(verifier), challenge)
