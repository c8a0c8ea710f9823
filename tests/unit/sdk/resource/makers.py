# SPDX-License-Identifier: Apache-2.0
"""Makers of tokens and proofs that share no code with us: PyJWT for honest ones, plain pieces for what it refuses."""

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil_client.resource import Caller, LocalReplayMemory, NotAuthorized, ResourceServer, Rules, verify
from counterfoil_client.resource._keyset import read_key_set
from counterfoil_client.resource.verify import Keys
from unit.sdk.stage import NOON, Clock

ISSUER = "https://id.example"
API = "https://api.example"
NOW = int(NOON.timestamp())
METADATA_PATH = "/.well-known/oauth-authorization-server"
JWKS_PATH = "/.well-known/jwks.json"
ISSUER_KEY = ec.derive_private_key(0xA11CE, ec.SECP256R1())
OTHER_ISSUER_KEY = ec.derive_private_key(0xBAD, ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DEVICE = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
THIEF = ec.derive_private_key(0x7111EF, ec.SECP256R1())
ABSENT: Any = object()

_fresh = itertools.count()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(key: Any, **more: Any) -> dict[str, Any]:
    kind = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    members = kind.to_jwk(key.public_key(), as_dict=True)
    members.pop("key_ops", None)
    return {**members, **more}


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    members = {name: value for name, value in public_jwk(key).items() if name in {"crv", "kty", "x", "y"}}
    return b64(hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest())


def issuer_jwk(key: Any = ISSUER_KEY, kid: str = "k1", **more: Any) -> dict[str, Any]:
    return public_jwk(key, kid=kid, use="sig", **more)


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys or (issuer_jwk(),))}).encode()


KEYS = read_key_set(jwks())
RULES = Rules(ISSUER, API, API)


def changed(members: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ABSENT}


def token_claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "person-1",
        "aud": API,
        "client_id": "desktop",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 300,
        "jti": "token-1",
        "scope": "notes:read notes:write",
        "sid": "session-1",
        "auth_time": NOW - 100,
        "acr": "urn:counterfoil:acr:email-link",
        "amr": ["pop", "swk", "mca"],
        "cnf": {"jkt": thumbprint(DEVICE)},
    }
    return changed(claims, changes)


def make_token(
    *, key: Any = ISSUER_KEY, alg: str = "ES256", header: Mapping[str, Any] | None = None, **claims: Any
) -> str:
    headers = changed({"typ": "at+jwt", "kid": "k1"}, header or {})
    # PyJWT writes typ JWT where none is given, and leaves it out for None.
    return jwt.encode(token_claims(**claims), key, alg, {"typ": None, **headers})


def make_proof(
    token: str, *, key: Any = DEVICE, alg: str = "ES256", header: Mapping[str, Any] | None = None, **claims: Any
) -> str:
    good = {
        "jti": f"proof-{next(_fresh)}",
        "htm": "GET",
        "htu": f"{API}/notes",
        "iat": NOW,
        "ath": b64(hashlib.sha256(token.encode()).digest()),
    }
    headers = changed({"typ": "dpop+jwt", "jwk": public_jwk(key)}, header or {})
    return jwt.encode(changed(good, claims), key, alg, {"typ": None, **headers})


def es256(message: bytes, key: ec.EllipticCurvePrivateKey = ISSUER_KEY) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def assemble(header: Any, payload: Any, sign: Callable[[bytes], bytes] = es256) -> str:
    """A signature over anything at all: text and bytes as they are, everything else as JSON."""
    parts = [
        part if isinstance(part, bytes) else part.encode() if isinstance(part, str) else json.dumps(part).encode()
        for part in (header, payload)
    ]
    signed = ".".join(map(b64, parts))
    return f"{signed}.{b64(sign(signed.encode()))}"


def headers(token: str, *proofs: str, scheme: str = "DPoP") -> list[tuple[str, str]]:
    return [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]


def good_headers(token: str | None = None, **changes: Any) -> list[tuple[str, str]]:
    shown = make_token() if token is None else token
    return headers(shown, make_proof(shown, **changes))


def check(
    lines: Any,
    *,
    rules: Rules = RULES,
    keys: Keys = KEYS,
    method: str = "GET",
    path: str = "/notes",
    now: float = NOW,
    replay: Any = None,
) -> Caller:
    memory = LocalReplayMemory() if replay is None else replay
    return verify(rules, keys, method, path, lines, now=now, replay=memory)


def refusal(lines: Any, **changes: Any) -> NotAuthorized:
    with pytest.raises(NotAuthorized) as caught:
        check(lines, **changes)
    return caught.value


class FakeIssuer:
    """Metadata, keys and introspection over httpx2's own mock transport; `calls` are the paths asked for."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "jwks_uri": ISSUER + JWKS_PATH,
            "introspection_endpoint": f"{ISSUER}/oauth/introspect",
        }
        self.jwks = jwks()
        self.headers: dict[str, str] = {"Cache-Control": "public, max-age=300"}
        self.introspected: dict[str, Any] = {"active": True}
        self.status = {METADATA_PATH: 200, JWKS_PATH: 200, "/oauth/introspect": 200}
        self.down = False
        self.calls: list[str] = []
        self.requests: list[httpx2.Request] = []
        self.on_call: Callable[[], None] = lambda: None

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.calls.append(path)
        self.requests.append(request)
        self.on_call()
        if self.down:
            raise httpx2.ConnectError("the cable is out")
        bodies = {
            METADATA_PATH: json.dumps(self.metadata).encode(),
            JWKS_PATH: self.jwks,
            "/oauth/introspect": json.dumps(self.introspected).encode(),
        }
        return httpx2.Response(self.status[path], headers=self.headers, content=bodies[path])

    async def aanswer(self, request: httpx2.Request) -> httpx2.Response:
        return self.answer(request)

    @property
    def fetches(self) -> int:
        return self.calls.count(METADATA_PATH)

    def resource(self, clock: Clock | None = None, **changes: Any) -> ResourceServer:
        arguments: dict[str, Any] = {
            "url": API,
            "http": httpx2.Client(transport=httpx2.MockTransport(self.answer)),
            "async_http": httpx2.AsyncClient(transport=httpx2.MockTransport(self.aanswer)),
            "surroundings": StillClock() if clock is None else clock,
        }
        return ResourceServer(ISSUER, **{**arguments, **changes})


class StillClock(Clock):
    """As the SDK's, with entropy long enough to be a key."""

    def pass_by(self, seconds: float) -> None:
        """Let wall clock and monotonic clock move."""
        self.seconds += timedelta(seconds=seconds).total_seconds()
