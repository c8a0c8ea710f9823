# SPDX-License-Identifier: Apache-2.0
"""The access token (RFC 9068): signed by the issuer, for this API, now."""

from types import MappingProxyType
from typing import Annotated

import msgspec

from counterfoil_client.resource import _jose
from counterfoil_client.resource.caller import Caller

LEEWAY = 10
"""Seconds by which the clocks of issuer and API may differ."""

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class _Confirmation(msgspec.Struct, frozen=True):
    jkt: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]


class _Claims(msgspec.Struct, frozen=True):
    """RFC 9068 §2.2 and RFC 9449 §6.1. A `cnf` of another kind, null included, is refused: it is a lock, not a hint."""

    iss: str
    aud: str | list[str]
    sub: _Word
    client_id: _Word
    exp: int
    iat: int
    jti: _Word
    nbf: int | None = None
    scope: str = ""
    sid: str | None = None
    auth_time: int | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    cnf: _Confirmation | msgspec.UnsetType = msgspec.UNSET


def read_token(jws: _jose.Jws, key: _jose.VerifyKey, issuer: str, audience: str, now: float) -> Caller:
    """Check signature and claims; raises `Malformed` naming the rule."""
    if not key.verifies(jws.signed, jws.signature):
        raise _jose.Malformed("its signature is not the issuer's")
    claims = _jose.shaped(jws.claims, _Claims)
    _check(claims, issuer, audience, now)
    return Caller(
        subject=claims.sub,
        client_id=claims.client_id,
        scopes=frozenset(claims.scope.split()),
        session_id=claims.sid,
        auth_time=claims.auth_time,
        acr=claims.acr,
        amr=claims.amr,
        expires_at=claims.exp,
        token_id=claims.jti,
        jkt=None if claims.cnf is msgspec.UNSET else claims.cnf.jkt,
        claims=MappingProxyType(dict(jws.claims)),
    )


def _check(claims: _Claims, issuer: str, audience: str, now: float) -> None:
    if claims.iss != issuer:
        raise _jose.Malformed("its iss is another issuer")
    if audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
        raise _jose.Malformed("its aud is not this API")
    if now >= claims.exp + LEEWAY:
        raise _jose.Malformed("it has expired")
    if claims.iat > now + LEEWAY or (claims.nbf is not None and claims.nbf > now + LEEWAY):
        raise _jose.Malformed("it is from the future; compare the clocks of issuer and API")
