# SPDX-License-Identifier: Apache-2.0
"""DPoP proofs (RFC 9449 §4.2): a signed slip saying "the holder of this key makes this one request now"."""

import base64
import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag

import msgspec

from counterfoil_client.stores import DeviceKey

JTI_BYTES = 16


def make_proof(  # noqa: PLR0913 - each is one claim
    key: DeviceKey,
    method: str,
    url: str,
    *,
    now: datetime,
    jti: bytes,
    nonce: str | None,
    access_token: str | None = None,
) -> str:
    """Sign one proof. `jti` must be fresh for every attempt, a retry included: a proof is accepted once.

    With an `access_token` it is one for a protected resource, good beside that token alone.
    """
    x, y = (b64(part) for part in key.point)
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    claims: dict[str, Any] = {
        "jti": b64(jti),
        "htm": method,
        "htu": urldefrag(url).url.partition("?")[0],
        "iat": int(now.timestamp()),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if access_token is not None:
        claims["ath"] = b64(hashlib.sha256(access_token.encode()).digest())
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(value: dict[str, Any]) -> str:
    return b64(msgspec.json.encode(value))
