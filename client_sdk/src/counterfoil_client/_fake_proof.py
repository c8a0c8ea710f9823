# SPDX-License-Identifier: Apache-2.0
"""The fake service's own check of a proof, so that an application's test fails where the real service would refuse."""

import base64
import hashlib
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_HALF = 32
_OLDEST = 60
_AHEAD = 30


class BadProof(Exception):  # noqa: N818 - an answer, not a fault
    """The proof is not one."""


class _Jwk(msgspec.Struct, forbid_unknown_fields=True):
    kty: str
    crv: str
    x: str
    y: str


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    typ: str
    alg: str
    jwk: _Jwk


class Claims(msgspec.Struct, forbid_unknown_fields=True):
    """What a proof says."""

    jti: str
    htm: str
    htu: str
    iat: int
    nonce: str | None = None
    ath: str | None = None


def check_proof(
    proof: str, url: str, now: datetime, *, method: str = "POST", access_token: str | None = None
) -> tuple[str, Claims]:
    """Return thumbprint (RFC 7638) and claims of a good proof, or raise `BadProof`."""
    try:
        head, body, signature = proof.split(".")
        header = msgspec.json.decode(_bytes(head), type=_Header)
        claims = msgspec.json.decode(_bytes(body), type=Claims)
        _verify(header, f"{head}.{body}".encode(), _bytes(signature))
    except (ValueError, InvalidSignature) as error:
        raise BadProof from error
    age = now.timestamp() - claims.iat
    if (claims.htm, claims.htu) != (method, url) or not -_AHEAD <= age <= _OLDEST:
        raise BadProof
    if claims.ath != (None if access_token is None else _hash(access_token.encode())):
        raise BadProof
    return _thumbprint(header.jwk), claims


def _verify(header: _Header, signed: bytes, signature: bytes) -> None:
    jwk = header.jwk
    if (header.typ, header.alg, jwk.kty, jwk.crv) != ("dpop+jwt", "ES256", "EC", "P-256"):
        raise ValueError("wrong header")
    if len(signature) != 2 * _HALF:
        raise ValueError("wrong signature")
    point = ec.EllipticCurvePublicNumbers(_number(_bytes(jwk.x)), _number(_bytes(jwk.y)), ec.SECP256R1())
    der = encode_dss_signature(_number(signature[:_HALF]), _number(signature[_HALF:]))
    point.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))


def _thumbprint(jwk: _Jwk) -> str:
    canonical = f'{{"crv":"{jwk.crv}","kty":"{jwk.kty}","x":"{jwk.x}","y":"{jwk.y}"}}'
    return _hash(canonical.encode())


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(data: bytes) -> int:
    return int.from_bytes(data)
