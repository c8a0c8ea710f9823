# SPDX-License-Identifier: Apache-2.0
"""Devices with keys of their own, and their proofs (RFC 9449), made fast: a load needs tens of thousands."""

import secrets
import time
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.dpop import thumbprint

_ES256 = ec.ECDSA(SHA256())
_BYTES = 32


class Device:
    """One key; `jkt` is its thumbprint."""

    __slots__ = ("_header", "_key", "jkt")

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(_BYTES, "big")) for number in (point.x, point.y))
        jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        self.jkt = thumbprint(jwk)
        self._header = base64url(msgspec.json.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}))

    def proof(self, method: str, url: str, nonce: str, token: str | None = None) -> str:
        """For one request; with the hash of an access token where there is one."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "nonce": nonce,
        }
        if token is not None:
            claims["ath"] = base64url(sha256(token.encode()).digest())
        signed = f"{self._header}.{base64url(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), _ES256))
        return f"{signed}.{base64url(r.to_bytes(_BYTES, 'big') + s.to_bytes(_BYTES, 'big'))}"
