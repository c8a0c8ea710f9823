# SPDX-License-Identifier: Apache-2.0
"""A device that speaks the wire protocol by itself: proofs are made by PyJWT, not by our own code or our SDK."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Device:
    """One key. `nonce` is the newest the service handed out; `clock` gives microseconds for `iat`."""

    issuer: str
    clock: Any
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    nonce: str | None = None

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public key as the proof's header shows it."""
        jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return {name: jwk[name] for name in ("kty", "crv", "x", "y")}

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        canonical = json.dumps(self.public_jwk, sort_keys=True, separators=(",", ":"))
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).decode().rstrip("=")

    def proof(self, path: str, *, method: str = "POST", **changes: Any) -> str:
        """A proof for one request; `changes` replace claims, None leaves one out."""
        claims = {
            "jti": uuid.uuid4().hex,
            "htm": method,
            "htu": self.issuer + path,
            "iat": self.clock() // 1_000_000,
            "nonce": self.nonce,
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": self.public_jwk})

    async def post(
        self, client: httpx2.AsyncClient, path: str, form: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """POST with a fresh proof; the nonce is fetched and renewed as RFC 9449 §8 says."""
        response = await self._post_once(client, path, form, headers)
        if response.status_code == httpx2.codes.BAD_REQUEST and response.json()["error"] == "use_dpop_nonce":
            response = await self._post_once(client, path, form, headers)
        return response

    async def _post_once(
        self, client: httpx2.AsyncClient, path: str, form: dict[str, str], headers: dict[str, str] | None
    ) -> httpx2.Response:
        response = await client.post(path, data=form, headers={**(headers or {}), "DPoP": self.proof(path)})
        self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
        return response
