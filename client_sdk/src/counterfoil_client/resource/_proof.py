# SPDX-License-Identifier: Apache-2.0
"""The proof of possession (RFC 9449 §4.3): the holder of the token's key makes this one request, now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated

import msgspec

from counterfoil_client.resource import _jose
from counterfoil_client.resource._target import Target, target_of
from counterfoil_client.resource.refusals import PROOF_ALGORITHMS, Challenge
from counterfoil_client.resource.replay import Nonces

OLDEST = 60
AHEAD = 30
LONGEST_PROOF = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a proof must be for."""

    method: str
    target: Target | None
    token: str = field(repr=False)
    jkt: str
    now: float


class _Claims(msgspec.Struct, frozen=True):
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    htm: str
    htu: str
    iat: int
    ath: str
    nonce: str | msgspec.UnsetType = msgspec.UNSET


def check_proof(proofs: tuple[str, ...], asked: Asked, nonces: Nonces | None, challenge: Challenge) -> bytes:
    """Check the `DPoP` lines of a request. Returns what to remember, so that this proof is good once."""
    try:
        claims = _read(proofs, asked)
    except _jose.Malformed as broken:
        raise challenge.proof(str(broken)) from None
    # Last of all, so that the answer to a bad proof never depends on its nonce.
    if nonces is not None and (claims.nonce is msgspec.UNSET or not nonces.accepts(claims.nonce, asked.now)):
        raise challenge.stale_nonce()
    named = (asked.jkt, asked.method, repr(asked.target), claims.jti)
    return sha256(msgspec.json.encode(named)).digest()


def _read(proofs: tuple[str, ...], asked: Asked) -> _Claims:
    if len(proofs) != 1:
        raise _jose.Malformed("there must be exactly one header DPoP")
    if len(proofs[0]) > LONGEST_PROOF:
        raise _jose.Malformed(f"it has more than {LONGEST_PROOF} characters")
    jws = _jose.parse(proofs[0].strip(" \t"))
    key = _key(jws.header)
    if not key.verifies(jws.signed, jws.signature):
        raise _jose.Malformed("its signature does not fit its jwk")
    if key.thumbprint != asked.jkt:
        raise _jose.Malformed("its key is not the one the token is bound to")
    claims = _jose.shaped(jws.claims, _Claims)
    _check(claims, asked)
    return claims


def _key(header: Mapping[str, object]) -> _jose.EcKey:
    if header.get("typ") != "dpop+jwt":
        raise _jose.Malformed("its typ must be dpop+jwt")
    if header.get("alg") not in PROOF_ALGORITHMS:
        raise _jose.Malformed(f"its alg must be one of: {', '.join(PROOF_ALGORITHMS)}")
    jwk = _jose.shaped(header.get("jwk"), dict[str, object])
    if not _jose.PRIVATE.isdisjoint(jwk):
        raise _jose.Malformed("its jwk must not hold a private key")
    if jwk.get("kty") != "EC":
        raise _jose.Malformed("its jwk must be an EC key")
    return _jose.ec_key(jwk)


def _check(claims: _Claims, asked: Asked) -> None:
    if claims.htm != asked.method:
        raise _jose.Malformed("its htm is not the method of this request")
    if asked.target is None or target_of(claims.htu) != asked.target:
        raise _jose.Malformed("its htu is not the URL of this request")
    if asked.now - claims.iat > OLDEST:
        raise _jose.Malformed(f"its iat is more than {OLDEST} s old; make one for each request, with a right clock")
    if claims.iat - asked.now > AHEAD:
        raise _jose.Malformed(f"its iat is more than {AHEAD} s ahead; set the clock of that device")
    if claims.ath != _jose.b64(sha256(asked.token.encode("ascii")).digest()):
        raise _jose.Malformed("its ath is not the hash of this access token")
