# SPDX-License-Identifier: Apache-2.0
"""ES256 or RS256 by setting, changed without a gap; PyJWT is the judge of every token [R76, R90]."""

import json
from pathlib import Path
from typing import Any, Literal

import jwt
import pytest

from counterfoil_service.app import Service
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.crypto.jwt import RSA_BITS, SigningKey
from counterfoil_service.db import signing_keys
from counterfoil_service.web.signers import ROTATION_LEAD_SECONDS
from support.http import post
from support.stage import OpenStage, Stage, settings_for
from support.tokens import INTROSPECT, USERINFO, call, claims_of, renew, sign_in, verified

Algorithm = Literal["ES256", "RS256"]
SECRET = "an API's secret"


def _algorithm(token: str) -> str:
    return str(jwt.get_unverified_header(token)["alg"])


async def _kinds(stage: Stage) -> list[str]:
    return [key["kty"] for key in (await stage.client.get("/.well-known/jwks.json")).json()["keys"]]


async def _restart(stage: Stage, url: str, folder: Path, algorithm: Algorithm) -> None:
    """What a start with this setting does to the keys, while the old process still runs."""
    settings = settings_for(url, folder, signing_algorithm=algorithm)
    await Service.start(settings, stage.database, clock=stage.clock)
    stage.clock.advance(10)  # how long keys are kept in memory


async def test_rs256_by_setting_signs_and_refreshes(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(sqlite_url, tmp_path, signing_algorithm="RS256") as stage:
        signed = await sign_in(stage)
        claims = await verified(stage, signed.access, algorithm="RS256")
        assert claims["sub"] == signed.subject
        assert jwt.get_unverified_header(signed.access).keys() == {"typ", "alg", "kid"}
        await renew(stage, signed)
        assert (_algorithm(signed.access), await _kinds(stage)) == ("RS256", ["RSA"])
        assert (await call(stage, signed, USERINFO)).json()["sub"] == signed.subject
        (key,) = (await stage.client.get("/.well-known/jwks.json")).json()["keys"]
        assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
        assert (key["e"], key["alg"], key["use"], len(key["n"])) == ("AQAB", "RS256", "sig", RSA_BITS // 6)


@pytest.mark.parametrize(("before", "after"), [("ES256", "RS256"), ("RS256", "ES256")])
async def test_another_setting_takes_over_once_verifiers_know_its_key(
    database_url: str, tmp_path: Path, open_stage: OpenStage, before: Algorithm, after: Algorithm
) -> None:
    async with open_stage(database_url, tmp_path, signing_algorithm=before) as stage:
        api = {"client_id": "api", "client_secret": SECRET}
        await stage.add_application("api", audiences=(stage.issuer,), secret_hash=hash_secret(SECRET))
        signed = await sign_in(stage)
        await _restart(stage, database_url, tmp_path, after)
        old, kinds = {"ES256": "EC", "RS256": "RSA"}[before], await _kinds(stage)
        assert sorted(kinds) == ["EC", "RSA"]
        assert kinds[1] == old
        await renew(stage, signed)
        assert _algorithm(signed.access) == before
        stage.clock.advance(ROTATION_LEAD_SECONDS - 11)
        await renew(stage, signed)
        last = signed.access
        stage.clock.advance(1)
        await renew(stage, signed)
        assert (_algorithm(last), _algorithm(signed.access)) == (before, after)
        for token, algorithm in ((last, before), (signed.access, after)):
            assert (await verified(stage, token, algorithm=algorithm))["sid"] == signed.session_id
        stage.clock.advance(298)
        assert sorted(await _kinds(stage)) == ["EC", "RSA"]
        for token in (last, signed.access):
            answer = (await post(stage, INTROSPECT, api | {"token": token})).json()
            assert answer["active"], "old keys verify until their last token has ended"
        stage.clock.advance(62)
        assert len(await _kinds(stage)) == 1


async def test_a_start_with_the_same_setting_makes_no_key(stage: Stage, database_url: str, tmp_path: Path) -> None:
    for _ in range(3):
        await _restart(stage, database_url, tmp_path, "ES256")
    assert await stage.count("signing_keys") == 1


async def test_replicas_that_change_over_one_by_one_make_one_key(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    for _ in range(3):
        await _restart(stage, database_url, tmp_path, "RS256")
    keys = await stage.database.read(signing_keys.list_all)
    assert [key.algorithm for key in keys] == ["ES256", "RS256"]
    assert keys[0].retired_at == keys[1].active_at


def _forged(token: str, key: SigningKey, algorithm: str) -> str:
    """The same claims under another algorithm, made with what an attacker could make of the key, or better."""
    headers = {"typ": "at+jwt", "kid": key.kid}
    if algorithm == "ES256":
        header = json.dumps(headers | {"alg": algorithm}).encode()
        return ".".join((base64url(header), *token.split(".")[1:]))
    material: Any = {"none": "", "HS256": key.public_jwk()["n"]}.get(algorithm, key._private)
    return jwt.encode(claims_of(token), material, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "RS512", "PS256", "none"])
async def test_an_rsa_key_verifies_rs256_alone(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, algorithm: str
) -> None:
    """The oldest trick: a public key as an HMAC secret, or another padding of the same key."""
    async with open_stage(sqlite_url, tmp_path, signing_algorithm="RS256") as stage:
        signed = await sign_in(stage)
        services = stage.service.services
        (key,) = (await services.signers.verifiers(stage.clock())).values()
        forged = _forged(signed.access, key, algorithm)
        good, signed.access = signed.access, forged
        answer = await call(stage, signed, USERINFO)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        signed.access = good
        assert (await call(stage, signed, USERINFO)).status_code == 200
