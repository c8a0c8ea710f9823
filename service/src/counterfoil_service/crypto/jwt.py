# SPDX-License-Identifier: Apache-2.0
"""Tokens that others verify by our published keys: compact JWS with ES256 and nothing to choose (RFC 7515, 7518)."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, Self, final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import json

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.dpop import thumbprint

Algorithm = Literal["ES256"]

_ES256: Final = ec.ECDSA(SHA256())
_CURVE: Final = ec.SECP256R1()
# The order n of P-256 (SEC 2 §2.4.2).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# 128 bits more than the order has, so that the remainder's bias is below 2^-128 (FIPS 186-5 §A.2.1 asks for 64).
_SCALAR_ENTROPY: Final = 48
_COORDINATE_BYTES: Final = 32


@final
class SigningKey:
    """A private key that signs tokens. Made by `generate` or `from_private_bytes`; its repr shows the public `kid`."""

    __slots__ = ("_jwk", "_private")

    algorithm: Algorithm = "ES256"
    """The JWS `alg` of this key."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        numbers = private.public_key().public_numbers()
        point = {"kty": "EC", "crv": "P-256", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        self._private = private
        self._jwk = {**point, "kid": thumbprint(point), "alg": self.algorithm, "use": "sig"}

    @classmethod
    def generate(cls, algorithm: Algorithm, entropy: Callable[[int], bytes]) -> Self:  # noqa: ARG003 - one choice so far
        """A new key; the same 48 bytes from `entropy` give the same key."""
        scalar = int.from_bytes(entropy(_SCALAR_ENTROPY), "big") % (_ORDER - 1) + 1
        return cls(ec.derive_private_key(scalar, _CURVE))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> Self:
        """The key that `private_bytes` wrote. Raises `ValueError`, without the bytes in it, for anything else."""
        try:
            private = serialization.load_der_private_key(data, password=None)
        except (TypeError, UnsupportedAlgorithm):
            raise ValueError("this is not a signing key of ours") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("a signing key must be a P-256 key")  # noqa: TRY004 - the bytes are wrong, not their type
        return cls(private)

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
        """ES256 (RFC 7518 §3.4): r ‖ s, 64 bytes. OpenSSL draws the nonce itself, hedged by key and message."""
        r, s = decode_dss_signature(self._private.sign(message, _ES256))
        return r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")

    def __repr__(self) -> str:
        """Show the public name alone."""
        return f"SigningKey(kid={self.kid!r}, algorithm={self.algorithm!r})"


def sign(claims: Mapping[str, object], key: SigningKey, *, typ: str = "at+jwt") -> str:
    """The claims as compact JWS with header `typ`, `alg`, `kid` (RFC 7515 §3.1; RFC 9068 §2.1 for `at+jwt`)."""
    header = {"typ": typ, "alg": key.algorithm, "kid": key.kid}
    signed = f"{base64url(json.encode(header))}.{base64url(json.encode(claims))}"
    return f"{signed}.{base64url(key.signature(signed.encode('ascii')))}"


def _coordinate(number: int) -> str:
    return base64url(number.to_bytes(_COORDINATE_BYTES, "big"))
