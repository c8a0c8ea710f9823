# SPDX-License-Identifier: Apache-2.0
"""`POST /oauth/introspect`: the truth about a token for who may know it, one and the same "no" for all else [R86]."""

import base64
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.web import secret_checks
from support.http import REVOKE, execute, nothing_written, post, refused
from support.stage import Stage
from support.tokens import INTROSPECT, SignedIn, claims_of, renew, sign_in

SECRET = "an API's secret"
API = "https://api.example"
INACTIVE = b'{"active":false}'
HASHED = hash_secret(SECRET)


@pytest.fixture
async def served(stage: Stage) -> Stage:
    """A desktop application whose tokens are meant for an API, that API, and an API that has nothing to do with it."""
    await stage.add_application("files", audiences=(API,))
    await stage.add_application("api", audiences=("urn:other", API), secret_hash=HASHED)
    await stage.add_application("stranger", secret_hash=HASHED)
    return stage


async def _ask(stage: Stage, token: str, client_id: str = "api", **fields: str) -> httpx2.Response:
    return await post(stage, INTROSPECT, {"client_id": client_id, "client_secret": SECRET, "token": token} | fields)


async def _is_inactive(stage: Stage, token: str, client_id: str = "api") -> bool:
    answer = await _ask(stage, token, client_id)
    assert answer.headers["content-type"] == "application/json"
    return (answer.status_code, answer.content) == (200, INACTIVE)


async def _signed_in(stage: Stage) -> SignedIn:
    return await sign_in(stage, client_id="files")


async def test_an_api_learns_everything_about_a_living_token_that_is_meant_for_it(served: Stage) -> None:
    signed = await _signed_in(served)
    async with nothing_written(served):
        answer = await _ask(served, signed.access)
    assert answer.json() == {"active": True, "token_type": "DPoP"} | claims_of(signed.access)
    assert {"iss", "sub", "aud", "client_id", "scope", "exp", "iat", "nbf", "jti", "sid", "auth_time", "acr", "amr",
            "cnf"} < set(answer.json())  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"


async def test_the_secret_may_come_in_either_way_and_no_proof_is_asked_for(served: Stage) -> None:
    signed = await _signed_in(served)
    header = "Basic " + base64.b64encode(b"api:an+API%27s+secret").decode()
    answer = await post(served, INTROSPECT, {"token": signed.access, "token_type_hint": "x"}, authorization=header)
    assert answer.json()["active"]


async def test_a_public_application_may_not_ask_whatever_it_shows(served: Stage) -> None:
    signed = await _signed_in(served)
    async with nothing_written(served):
        for fields in ({"client_id": "files"}, {"client_id": "files", "client_secret": "x"}, {"client_id": "nobody"},
                       {"client_id": "api"}, {"client_id": "api", "client_secret": SECRET + "x"}):  # fmt: skip
            answer = await post(served, INTROSPECT, {"token": signed.access} | fields)
            refused(answer, 401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic ")
        refused(await post(served, INTROSPECT, {"client_id": "api", "client_secret": SECRET}), 400, "invalid_request")


async def test_what_is_nobodys_business_looks_like_what_never_was(served: Stage) -> None:
    """Enumeration: living tokens of others, dead ones and inventions cannot be told apart."""
    signed, own = await _signed_in(served), await sign_in(served, "bob@example.com")
    header, claims, signature = signed.access.split(".")
    async with nothing_written(served):
        for token in (signed.access, signed.refresh, own.access, own.refresh, signed.session_id, "x", "é", "a.b.c"):
            assert await _is_inactive(served, token, "stranger"), token
        forged = f"{header}.{claims}.{signature[:-4]}AAAA"
        for token in (own.access, own.refresh, signed.refresh, forged, "." * 5000, "A" * 15_000, "\ud7ff.\u202e.x"):
            assert await _is_inactive(served, token), token


async def test_who_has_no_audience_of_its_own_learns_nothing_about_tokens_for_the_issuer(served: Stage) -> None:
    own = await sign_in(served, "bob@example.com")
    assert claims_of(own.access)["aud"] == served.issuer
    assert await _is_inactive(served, own.access, "stranger")


async def test_a_token_is_good_until_its_very_end(served: Stage) -> None:
    signed = await _signed_in(served)
    served.clock.advance(299)
    assert not await _is_inactive(served, signed.access)
    served.clock.advance(1)
    assert await _is_inactive(served, signed.access)


async def test_a_revocation_counts_at_once(served: Stage) -> None:
    signed = await _signed_in(served)
    await signed.device.post(served.client, REVOKE, {"client_id": "files", "token": signed.refresh})
    assert await _is_inactive(served, signed.access)


async def test_a_disabled_users_tokens_are_dead_at_once(served: Stage) -> None:
    signed = await _signed_in(served)
    await execute(served, "UPDATE users SET disabled_at = 1")
    assert await _is_inactive(served, signed.access)


async def test_a_limit_counts_before_the_sweeper_wrote_it_down(served: Stage) -> None:
    signed = await _signed_in(served)
    await execute(served, "UPDATE sessions SET last_used_at = last_used_at - 14 * CAST(86400000000 AS BIGINT)")
    assert await _is_inactive(served, signed.access)


async def test_a_confidential_application_asks_about_its_own_tokens(served: Stage) -> None:
    secret: dict[str, Any] = {"client_id": "stranger", "client_secret": SECRET}
    signed = await sign_in(served, **secret)
    assert (await _ask(served, signed.access, "stranger")).json()["sub"] == signed.subject
    answer = (await _ask(served, signed.refresh, "stranger")).json()
    claims = claims_of(signed.access)
    same = {
        name: claims[name] for name in ("iss", "sub", "client_id", "scope", "sid", "auth_time", "acr", "amr", "cnf")
    }
    assert answer == {"active": True, "exp": claims["iat"] + 14 * 86_400} | same
    old = signed.refresh
    await renew(served, signed, **secret)
    assert await _is_inactive(served, old, "stranger")
    assert not await _is_inactive(served, signed.refresh, "stranger")
    assert await _is_inactive(served, signed.refresh), "a refresh token has no audience"


FORGERIES: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "HS256"},
    {"typ": "JWT"},
    {"typ": "dpop+jwt"},
    {"jwk": True},
    {"crit": ["exp"]},
    {"kid": "unknown"},
]


@pytest.mark.parametrize("changes", FORGERIES, ids=str)
async def test_a_header_chooses_nothing(served: Stage, changes: dict[str, Any]) -> None:
    """R77: the key comes from our own set by `kid`, and with it the algorithm."""
    signed = await _signed_in(served)
    published = (await served.client.get("/.well-known/jwks.json")).json()["keys"][0]
    key = ec.generate_private_key(ec.SECP256R1())
    headers = {"typ": "at+jwt", "alg": "ES256", "kid": published["kid"]} | changes
    if changes.get("jwk"):
        headers["jwk"] = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    material: Any = {"none": "", "HS256": published["x"] + published["y"]}.get(headers["alg"], key)
    forged = jwt.encode(claims_of(signed.access), material, algorithm=headers.pop("alg"), headers=headers)
    assert await _is_inactive(served, forged)


async def test_a_right_secret_is_hashed_once_in_five_minutes(served: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    checks = served.service.services.secret_checks
    verify = checks._verify

    def watch(encoded: str, secret: str) -> bool:
        checked.append(secret)
        return verify(encoded, secret)

    monkeypatch.setattr(checks, "_verify", watch)
    signed = await _signed_in(served)
    for _ in range(5):
        await _ask(served, signed.access)
    assert checked == [SECRET]
    served.clock.advance(secret_checks.REMEMBERED / 1_000_000)
    await _ask(served, signed.access)
    assert checked == [SECRET] * 2
