# SPDX-License-Identifier: Apache-2.0
"""Tokens that others verify by our published keys: compact JWS with ES256 or RS256 (RFC 7515, 7518).

A key has one algorithm, fixed when it is made; a token's header chooses among keys and never among algorithms.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, Literal, Self, final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import json

from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.crypto.dpop import thumbprint

Algorithm = Literal["ES256", "RS256"]

RSA_BITS: Final = 3072
"""As strong as P-256 (NIST SP 800-57 part 1 §5.6.1: 128 bits). One signature takes 0.7 ms, with 2048 bits 0.25 ms."""

LONGEST_TOKEN: Final = 8192
"""Characters of a token that is looked at; one with RS256 has some 1,200."""

MOST_KNOWN: Final = 4096
"""Tokens that a key knows again; then it begins anew."""

_SEGMENTS: Final = 3
_ES256: Final = ec.ECDSA(SHA256())
_RS256: Final = PKCS1v15()
_EXPONENT: Final = 65537
_CURVE: Final = ec.SECP256R1()
# The order n of P-256 (SEC 2 §2.4.2).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# 128 bits more than the order has, so that the remainder's bias is below 2^-128 (FIPS 186-5 §A.2.1 asks for 64).
_SCALAR_ENTROPY: Final = 48
_COORDINATE_BYTES: Final = 32

_Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    typ: str
    alg: str
    kid: str


@final
class SigningKey:
    """A private key that signs tokens. Made by `generate` or `from_private_bytes`; its repr shows the public `kid`."""

    __slots__ = ("_fitting", "_jwk", "_private", "_public", "algorithm")

    algorithm: Algorithm
    """The JWS `alg` of this key."""

    def __init__(self, private: _Private) -> None:
        self._private = private
        self._public = private.public_key()
        self._fitting: set[bytes] = set()
        self.algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
        self._jwk = {**_public_members(private), "alg": self.algorithm, "use": "sig"}

    @classmethod
    def generate(cls, algorithm: Algorithm, entropy: Callable[[int], bytes]) -> Self:
        """A new key. For ES256 the same 48 bytes from `entropy` give the same key.

        For RS256 OpenSSL looks for the primes itself, some 200 ms long: call it where it holds up nobody.
        """
        if algorithm == "RS256":
            return cls(rsa.generate_private_key(_EXPONENT, RSA_BITS))
        scalar = int.from_bytes(entropy(_SCALAR_ENTROPY), "big") % (_ORDER - 1) + 1
        return cls(ec.derive_private_key(scalar, _CURVE))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> Self:
        """The key that `private_bytes` wrote. Raises `ValueError`, without the bytes in it, for anything else."""
        try:
            private = serialization.load_der_private_key(data, password=None)
        except (TypeError, UnsupportedAlgorithm):
            raise ValueError("this is not a signing key of ours") from None
        if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
            return cls(private)
        if isinstance(private, rsa.RSAPrivateKey) and private.key_size == RSA_BITS:
            return cls(private)
        raise ValueError(f"a signing key must be a P-256 key or an RSA key of {RSA_BITS} bits")

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public key, 43 base64url characters."""
        return self._jwk["kid"]

    def private_bytes(self) -> bytes:
        """The private key in PKCS #8 DER (RFC 5958), in the clear: the caller seals it before it goes anywhere."""
        return self._private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public_jwk(self) -> dict[str, str]:
        """A fresh copy of the public key as the key set shows it (RFC 7517), with `kid`, `alg` and `use`."""
        return dict(self._jwk)

    def signature(self, message: bytes) -> bytes:
        """RFC 7518 §3.3, or §3.4: r ‖ s, 64 bytes. OpenSSL draws the nonce itself, hedged by key and message."""
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(message, _RS256, SHA256())
        r, s = decode_dss_signature(self._private.sign(message, _ES256))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature, in the one spelling that `signature` gives.

        A token is shown many times in its five minutes: those that fitted are known again, by their hash.
        """
        shown = sha256(len(signature).to_bytes(8, "big") + signature + message).digest()
        if shown in self._fitting:
            return True
        try:
            if isinstance(self._public, rsa.RSAPublicKey):
                self._public.verify(signature, message, _RS256, SHA256())
            else:
                self._public.verify(_der(signature), message, _ES256)
        except (InvalidSignature, ValueError):
            return False
        if len(self._fitting) >= MOST_KNOWN:
            self._fitting.clear()
        self._fitting.add(shown)
        return True

    def __repr__(self) -> str:
        """Show the public name alone."""
        return f"SigningKey(kid={self.kid!r}, algorithm={self.algorithm!r})"


def sign(claims: Mapping[str, object], key: SigningKey, *, typ: str = "at+jwt") -> str:
    """The claims as compact JWS with header `typ`, `alg`, `kid` (RFC 7515 §3.1; RFC 9068 §2.1 for `at+jwt`)."""
    header = {"typ": typ, "alg": key.algorithm, "kid": key.kid}
    signed = f"{base64url(json.encode(header))}.{base64url(json.encode(claims))}"
    return f"{signed}.{base64url(key.signature(signed.encode('ascii')))}"


def verified(token: str, keys: Mapping[str, SigningKey], *, typ: str = "at+jwt") -> bytes | None:
    """The payload of a token that one of these keys signed, by `kid`; None for anything else. Never raises.

    Stricter than RFC 7515: exactly the three header members that `sign` writes, and one spelling of every byte.
    The claims are the caller's to judge.
    """
    segments = token.split(".") if len(token) <= LONGEST_TOKEN else []
    if len(segments) != _SEGMENTS:
        return None
    try:
        raw_header, payload, signature = map(unbase64url, segments)
        header = json.decode(raw_header, type=_Header)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    key = keys.get(header.kid)
    if key is None or (header.typ, header.alg) != (typ, key.algorithm):
        return None
    signed = f"{segments[0]}.{segments[1]}".encode("ascii")
    return payload if key.fits(signature, signed) else None


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise ValueError("an ES256 signature has 64 bytes")
    r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _public_members(private: _Private) -> dict[str, str]:
    """The public key and its RFC 7638 thumbprint."""
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        required = {"e": _unsigned(numbers.e), "kty": "RSA", "n": _unsigned(numbers.n)}
        return {**required, "kid": base64url(sha256(json.encode(required)).digest())}
    point = private.public_key().public_numbers()
    members = {"kty": "EC", "crv": "P-256", "x": _coordinate(point.x), "y": _coordinate(point.y)}
    return {**members, "kid": thumbprint(members)}


def _coordinate(number: int) -> str:
    return base64url(number.to_bytes(_COORDINATE_BYTES, "big"))


def _unsigned(number: int) -> str:
    """Base64urlUInt (RFC 7518 §2): no leading zero byte."""
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))
