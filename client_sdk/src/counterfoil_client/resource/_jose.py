# SPDX-License-Identifier: Apache-2.0
"""Compact signatures (RFC 7515) read strictly: one spelling of each byte, no member twice, no choice for the sender.

Strict, because two readers that disagree about a token are how tokens get forged.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import NoReturn, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that nobody but its holder may know (RFC 7518 §6.2.2, §6.3.2, §6.4)."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]*")
_COORDINATE = 32
_RSA_BITS = range(2048, 8193)
_EXPONENTS = range(3, 2**33, 2)
_ECDSA = ec.ECDSA(SHA256())
_PKCS1 = padding.PKCS1v15()

Shape = TypeVar("Shape")


class Malformed(Exception):  # noqa: N818 - a fact that the caller turns into its own refusal
    """It is not what it should be; the text names the rule and repeats nothing of what was sent."""


class VerifyKey(Protocol):
    """A public key that knows its one algorithm."""

    @property
    def algorithm(self) -> str:
        """The JWS `alg` it verifies."""
        ...

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the holder of this key signed this."""
        ...


@dataclass(frozen=True, slots=True)
class EcKey:
    """A point on P-256."""

    public: ec.EllipticCurvePublicKey
    thumbprint: str
    """RFC 7638, 43 base64url characters."""
    algorithm: str = "ES256"

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Check r and s of 32 bytes each (RFC 7518 §3.4)."""
        if len(signature) != 2 * _COORDINATE:
            return False
        r, s = int.from_bytes(signature[:_COORDINATE]), int.from_bytes(signature[_COORDINATE:])
        try:
            self.public.verify(encode_dss_signature(r, s), signed, _ECDSA)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA key of at least 2048 bits."""

    public: rsa.RSAPublicKey
    algorithm: str = "RS256"

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Check a PKCS #1 v1.5 signature (RFC 7518 §3.3)."""
        try:
            self.public.verify(signature, signed, _PKCS1, SHA256())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Jws:
    """The parts of a compact JWS; nothing in it is proven yet."""

    header: Mapping[str, object] = field(repr=False)
    claims: Mapping[str, object] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse(text: str) -> Jws:
    """Take a compact JWS apart. The caller has bounded its length."""
    parts = text.split(".")
    if len(parts) != len(("header", "payload", "signature")):
        raise Malformed("it is not a signature of three parts")
    header, claims, signature = map(unb64, parts)
    jws = Jws(read_object(header), read_object(claims), text.rpartition(".")[0].encode("ascii"), signature)
    if not {"crit", "b64"}.isdisjoint(jws.header):
        # They change what the other bytes mean (RFC 7515 §4.1.11, RFC 7797), and none is understood here.
        raise Malformed("it uses a header extension")
    return jws


def read_object(data: bytes) -> dict[str, object]:
    """Read a JSON object that names no member twice, at any depth."""
    try:
        text = data.decode("utf-8")
        value: object = _JSON.decode(text)
        if "\\u" in text:
            # An escape can name half a character, which no one downstream could write again.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        # Not chained: what is malformed may still be a secret.
        raise Malformed("it is not JSON in UTF-8 without repeated members") from None
    return shaped(value, dict[str, object])


def shaped(value: object, shape: type[Shape]) -> Shape:
    """Give a value the type asked for; nothing is converted, only checked."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        raise Malformed("a member is missing or of the wrong kind") from None


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The reverse, for the one canonical spelling alone."""
    if _SEGMENT.fullmatch(text) and len(text) % 4 != 1:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if b64(data) == text:
            return data
    raise Malformed("a part is not canonical base64url")


class _EcJwk(msgspec.Struct, frozen=True):
    crv: str
    x: str
    y: str


class _RsaJwk(msgspec.Struct, frozen=True):
    n: str
    e: str


def ec_key(jwk: Mapping[str, object]) -> EcKey:
    """The key of a JWK with `kty` EC."""
    found = shaped(jwk, _EcJwk)
    if found.crv != "P-256":
        raise Malformed("its key is not on P-256")
    return _point(found.x, found.y)


def rsa_key(jwk: Mapping[str, object]) -> RsaKey:
    """The key of a JWK with `kty` RSA."""
    found = shaped(jwk, _RsaJwk)
    modulus, exponent = int.from_bytes(unb64(found.n)), int.from_bytes(unb64(found.e))
    if modulus.bit_length() not in _RSA_BITS or exponent not in _EXPONENTS:
        raise Malformed("its RSA key is too short, too long or of an unknown make")
    try:
        return RsaKey(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except ValueError:
        raise Malformed("its RSA key is none") from None


# One device proves one key with every request, so the point is worked out once.
@lru_cache(maxsize=1024)
def _point(x: str, y: str) -> EcKey:
    first, second = unb64(x), unb64(y)
    if len(first) != _COORDINATE or len(second) != _COORDINATE:
        raise Malformed("a coordinate of its key is not 32 bytes long")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + first + second)
    except ValueError:
        raise Malformed("its key is not a point on P-256") from None
    # RFC 7638 §3: the required members in this order, without spaces. Base64url needs no escape in JSON.
    return EcKey(public, b64(sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# msgspec's decoder takes the last of two equal members where another reader may take the first.
_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
