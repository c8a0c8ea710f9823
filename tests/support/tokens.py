# SPDX-License-Identifier: Apache-2.0
"""What people and applications do with the tokens of a sign-in; tokens are read by PyJWT, not by our own code."""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx2
import jwt

from support.device import Device
from support.http import TOKEN
from support.stage import Asked, Stage

INTROSPECT = "/oauth/introspect"
USERINFO = "/oauth/userinfo"
SESSIONS = "/me/sessions"
DEVICES = "/me/devices"


@dataclass
class SignedIn:
    """A device and the newest tokens that it holds."""

    asked: Asked
    access: str
    refresh: str
    session_id: str
    subject: str

    @property
    def device(self) -> Device:
        """The device that asked."""
        return self.asked.device


async def sign_in(
    stage: Stage, address: str = "ada@example.com", device: Device | None = None, **fields: Any
) -> SignedIn:
    """Ask, approve, collect."""
    stage.clock.advance(0.001)  # mails of one millisecond have no order
    asked = await stage.approved(address, device, **fields)
    answer = await stage.poll(asked, **fields)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return SignedIn(asked, tokens["access_token"], tokens["refresh_token"], tokens["session_id"], tokens["sub"])


def refresh_form(token: str, **changes: str) -> dict[str, str]:
    """The fields of a refresh."""
    return {"grant_type": "refresh_token", "client_id": "desk-app", "refresh_token": token} | changes


async def present(stage: Stage, token: str, device: Device, **fields: str) -> httpx2.Response:
    """Send any refresh token by any device."""
    return await device.post(stage.client, TOKEN, refresh_form(token, **fields))


async def renew(stage: Stage, signed: SignedIn, **fields: str) -> dict[str, Any]:
    """Refresh as the owner, and keep what comes back."""
    answer = await present(stage, signed.refresh, signed.device, **fields)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    signed.access, signed.refresh = tokens["access_token"], tokens["refresh_token"]
    return tokens


def ath(token: str) -> str:
    """The hash of an access token that a proof carries (RFC 9449 §4.2)."""
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()).decode().rstrip("=")


async def call(
    stage: Stage,
    signed: SignedIn,
    path: str,
    method: str = "GET",
    *,
    device: Device | None = None,
    data: dict[str, str] | None = None,
    **changes: Any,
) -> httpx2.Response:
    """Call one of the service's own endpoints with a proof by the device; `changes` replace the proof's claims."""
    device = device or signed.device
    claims = {"ath": ath(signed.access)} | changes
    proof = device.proof(path, method=method, **claims)
    headers = {"Authorization": f"DPoP {signed.access}", "DPoP": proof}
    answer = await stage.client.request(method, path, headers=headers, data=data)
    device.nonce = answer.headers.get("DPoP-Nonce", device.nonce)
    return answer


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def verified(
    stage: Stage, token: str, *, algorithm: str = "ES256", audience: str | None = None
) -> dict[str, Any]:
    """What a resource server would read, but for the clock, which is the test's."""
    key_set = jwt.PyJWKSet.from_dict((await stage.client.get("/.well-known/jwks.json")).json())
    key = key_set[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=[algorithm], audience=audience or stage.issuer, issuer=stage.issuer, options=options
    )
    return claims


async def session_events(stage: Stage, session_id: str) -> list[tuple[str, str | None]]:
    """Names and reasons of what the audit log says of a session, in order."""
    rows = await stage.rows("SELECT name, reason, session_id FROM audit_events ORDER BY position")
    return [(name, reason) for name, reason, of in rows if of == session_id and name.startswith("session.")]
