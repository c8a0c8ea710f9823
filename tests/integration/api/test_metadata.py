# SPDX-License-Identifier: Apache-2.0
"""What the service says of itself, an issuer with a path, key rotation, and headers that try to move it all."""

import os
from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest

from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.operations.rotate_keys import RotateKeys, rotate_keys
from counterfoil_service.web.signers import ROTATION_LEAD_SECONDS
from support.http import TOKEN, is_page, poll_form, post, problem, refused
from support.stage import ISSUER, OpenStage, Stage, link_of

WELL_KNOWN = "/.well-known/oauth-authorization-server"


async def test_the_metadata_lists_what_works_and_nothing_else(sqlite_stage: Stage) -> None:
    answer = await sqlite_stage.client.get(WELL_KNOWN)
    methods = ["none", "client_secret_basic", "client_secret_post"]
    assert answer.json() == {
        "issuer": ISSUER,
        "authorization_endpoint": ISSUER + "/oauth/authorize",
        "device_authorization_endpoint": ISSUER + "/oauth/device_authorization",
        "token_endpoint": ISSUER + "/oauth/token",
        "mail_code_endpoint": ISSUER + "/oauth/mail_code",
        "revocation_endpoint": ISSUER + "/oauth/revoke",
        "introspection_endpoint": ISSUER + "/oauth/introspect",
        "userinfo_endpoint": ISSUER + "/oauth/userinfo",
        "jwks_uri": ISSUER + "/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "urn:ietf:params:oauth:grant-type:device_code",
            "authorization_code",
            "refresh_token",
        ],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods[1:],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "dpop_signing_alg_values_supported": ["ES256"],
        "ui_locales_supported": ["en", "de", "es", "fr", "hi", "ja", "ar"],
    }
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"


async def test_every_endpoint_that_is_listed_is_there(sqlite_stage: Stage) -> None:
    metadata = (await sqlite_stage.client.get(WELL_KNOWN)).json()
    for name, url in metadata.items():
        if name == "userinfo_endpoint":
            refused(await sqlite_stage.client.get(url), 401, "invalid_token")
            refused(await sqlite_stage.client.post(url), 405, "method_not_allowed")
        elif name == "authorization_endpoint":
            is_page(await sqlite_stage.client.get(url), 400)
            refused(await sqlite_stage.client.post(url), 405, "method_not_allowed")
        elif name.endswith("_endpoint"):
            refused(await sqlite_stage.client.post(url), 400, "invalid_request")
            refused(await sqlite_stage.client.get(url), 405, "method_not_allowed")
    assert (await sqlite_stage.client.get(metadata["jwks_uri"])).status_code == 200


@pytest.mark.parametrize("path", [WELL_KNOWN, "/.well-known/jwks.json", "/check-mail", "/health/live", "/health/ready"])
async def test_what_can_be_read_answers_head(sqlite_stage: Stage, path: str) -> None:
    get, head = await sqlite_stage.client.get(path), await sqlite_stage.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


async def test_the_key_set_is_public_halves_alone(sqlite_stage: Stage) -> None:
    (key,) = (await sqlite_stage.client.get("/.well-known/jwks.json")).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")


async def _kids(stage: Stage) -> list[str]:
    stage.clock.advance(11)  # beyond the time that keys are kept in memory
    return [key["kid"] for key in (await stage.client.get("/.well-known/jwks.json")).json()["keys"]]


async def _signing_kid(stage: Stage) -> str:
    token = (await stage.poll(await stage.approved())).json()["access_token"]
    return str(jwt.get_unverified_header(token)["kid"])


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_gone(stage: Stage) -> None:
    (old,) = await _kids(stage)
    stored = await stage.database.write(
        rotate_keys, RotateKeys(SigningKey.generate("ES256", os.urandom), ROTATION_LEAD_SECONDS)
    )
    assert await _kids(stage) == [stored.kid, old]
    assert await _signing_kid(stage) == old
    stage.clock.advance(ROTATION_LEAD_SECONDS)
    assert await _signing_kid(stage) == stored.kid
    assert await _kids(stage) == [stored.kid, old]
    stage.clock.advance(300)
    assert await _kids(stage) == [stored.kid, old]
    stage.clock.advance(60)
    assert await _kids(stage) == [stored.kid]


async def test_an_issuer_with_a_path_keeps_everything_below_it(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    issuer = ISSUER + "/auth"
    async with open_stage(database_url, tmp_path, public_url=issuer) as stage:
        metadata = (await stage.client.get(ISSUER + WELL_KNOWN + "/auth")).json()
        assert metadata["issuer"] == issuer
        assert all(
            url.startswith(issuer + "/") for name, url in metadata.items() if name.endswith(("_endpoint", "_uri"))
        )
        assert (await stage.client.get(metadata["jwks_uri"])).status_code == 200
        for elsewhere in (WELL_KNOWN, "/auth" + WELL_KNOWN, "/.well-known/jwks.json", "/check-mail", "/health/live"):
            problem(await stage.client.get(ISSUER + elsewhere), 404, "not_found")
        assert (await stage.client.post(ISSUER + TOKEN)).json()["error"] == "not_found"

        asked = await stage.start()
        assert link_of((await stage.mails())[0]).startswith(issuer + "/l/")
        secret = await stage.secret()
        page = is_page(await stage.open(secret), 200)
        assert '<form method="post" action="/auth/l">' in page
        assert (await stage.client.get(f"{ISSUER}/l/{secret}")).status_code == 404
        is_page(await stage.client.get(f"{issuer}/l/a/b"), 410)
        is_page(await stage.client.get(issuer + "/l"), 405)
        refused(await stage.client.get(issuer + "/oauth/nothing"), 404, "not_found")
        foreign = {"origin": issuer}
        assert (await stage.decide(secret, "approve", asked.user_code, foreign)).status_code == 403
        assert (await stage.decide(secret, "approve", asked.user_code, {"origin": ISSUER})).status_code == 200
        without_path = asked.device.proof(TOKEN, htu=ISSUER + TOKEN)
        refused(await post(stage, TOKEN, poll_form(asked), proof=without_path), 400, "invalid_dpop_proof")
        tokens = (await stage.poll(asked)).json()
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        assert (claims["iss"], claims["aud"]) == (issuer, issuer)


FORGED: list[Mapping[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "evil.example:8443", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "81", "X-Forwarded-Prefix": "/evil"},
    {"Forwarded": "for=192.0.2.1;host=evil.example;proto=http"},
    {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "X-HTTP-Method-Override": "DELETE"},
]


@pytest.mark.parametrize("forged", FORGED)
async def test_forged_headers_move_nothing(sqlite_stage: Stage, forged: Mapping[str, str]) -> None:
    """A14, R27, R62."""
    stage = sqlite_stage
    stage.client.headers.update(forged)
    metadata = await stage.client.get(WELL_KNOWN)
    assert "evil" not in metadata.text
    assert metadata.json()["issuer"] == ISSUER
    answer = await stage.ask(stage.device())
    assert answer.json()["verification_uri"] == ISSUER + "/check-mail"
    assert "evil" not in answer.text + str(answer.headers)
    mail = (await stage.mails())[0]
    assert link_of(mail).startswith(ISSUER + "/l/")
    assert "evil" not in str(mail)
    page = await stage.open(await stage.secret())
    assert "evil" not in page.text + str(page.headers)
    evil = stage.device()
    evil.nonce = answer.headers["dpop-nonce"]
    moved = evil.proof(TOKEN, htu="https://evil.example" + TOKEN)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "desk-app", "device_code": "x"}
    refused(await post(stage, TOKEN, form, proof=moved), 400, "invalid_dpop_proof")
    refused(await post(stage, TOKEN, form, proof=evil.proof(TOKEN)), 400, "invalid_grant")
