# SPDX-License-Identifier: Apache-2.0
"""What the service signs and this SDK proves, an API takes: the claims, keys and proofs of the real parts."""

import json
import secrets

import pytest

from counterfoil_client._proof import make_proof
from counterfoil_client.resource import NotAuthorized
from counterfoil_service.core.grant import ACR, Grant
from counterfoil_service.crypto.dpop import thumbprint
from counterfoil_service.crypto.jwt import SigningKey, sign
from unit.sdk.resource.makers import API, ISSUER, NOW, FakeIssuer, b64, headers
from unit.sdk.stage import KEY, NOON

SECOND = 1_000_000


KEY_OF_THE_SERVICE = SigningKey.generate("ES256", secrets.token_bytes)


@pytest.fixture
def issuer() -> FakeIssuer:
    fake = FakeIssuer()
    fake.jwks = json.dumps({"keys": [KEY_OF_THE_SERVICE.public_jwk()]}).encode()
    return fake


def a_grant() -> Grant:
    x, y = (b64(part) for part in KEY.point)
    return Grant(
        subject="person-1",
        session_id="01JSESSION",
        application_id="desktop",
        audience=API,
        scope="email notes:read",
        amr=("pop", "swk"),
        auth_time=(NOW - 5) * SECOND,
        issued_at=NOW * SECOND,
        token_id="01JTOKEN",
        jkt=thumbprint({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
        refresh_token=None,
    )


def test_an_api_takes_them(issuer: FakeIssuer) -> None:
    token = sign(a_grant().claims(ISSUER), KEY_OF_THE_SERVICE)
    proof = make_proof(KEY, "GET", f"{API}/notes?page=2", now=NOON, jti=b"j" * 16, nonce=None, access_token=token)
    caller = issuer.resource().check("GET", "/notes?page=2", headers(token, proof))
    assert (caller.subject, caller.client_id, caller.session_id) == ("person-1", "desktop", "01JSESSION")
    assert (caller.scopes, caller.acr, caller.amr) == (frozenset({"email", "notes:read"}), ACR, ("pop", "swk"))
    assert (caller.auth_time, caller.token_id) == (NOW - 5, "01JTOKEN")


def test_a_proof_for_the_token_endpoint_opens_no_api(issuer: FakeIssuer) -> None:
    token = sign(a_grant().claims(ISSUER), KEY_OF_THE_SERVICE)
    proof = make_proof(KEY, "GET", f"{API}/notes", now=NOON, jti=b"j" * 16, nonce=None)
    with pytest.raises(NotAuthorized) as caught:
        issuer.resource().check("GET", "/notes", headers(token, proof))
    assert caught.value.error == "invalid_dpop_proof"


def test_another_type_signed_by_the_service_is_no_access_token(issuer: FakeIssuer) -> None:
    token = sign(a_grant().claims(ISSUER), KEY_OF_THE_SERVICE, typ="JWT")
    proof = make_proof(KEY, "GET", f"{API}/notes", now=NOON, jti=b"j" * 16, nonce=None, access_token=token)
    with pytest.raises(NotAuthorized) as caught:
        issuer.resource().check("GET", "/notes", headers(token, proof))
    assert caught.value.error == "invalid_token"
