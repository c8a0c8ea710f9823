# SPDX-License-Identifier: Apache-2.0
"""Codes of people who have signed in at our own pages: redeemed by web applications, with a key or with a secret."""

import asyncio
import os
from hashlib import sha256
from typing import Any

import jwt
import pytest

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.crypto.keys import digest
from counterfoil_service.db import authorization_codes
from counterfoil_service.db.authorization_codes import AuthorizationCode
from support.device import Device
from support.http import TOKEN, execute, fingerprint, nothing_written, post, primed, refused
from support.stage import Stage
from support.way_home import VERIFIER, challenge_of, redemption

SITE = "https://site.example/callback"
SECRET = "site-secret-" * 4


def jkt_of(device: Device) -> str:
    """The thumbprint of its key (RFC 7638), spelt out."""
    jwk = device.public_jwk
    canonical = f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return base64url(sha256(canonical.encode()).digest())


async def site(stage: Stage, **changes: Any) -> None:
    """A web application, public and without keys unless told otherwise."""
    await stage.add_application("site", redirect_uris=(SITE,), **({"dpop": "optional"} | changes))


async def minted(stage: Stage, **changes: Any) -> str:
    """A code as our own pages give it to a person who has signed in there."""
    asked = await stage.approved()
    await stage.poll(asked)
    ((user_id,),) = await stage.rows("SELECT id FROM users")
    text = base64url(os.urandom(32))
    values: dict[str, Any] = {
        "code_hash": digest(text),
        "login_id": asked.login_id,
        "application_id": "site",
        "user_id": user_id,
        "device_id": None,
        "redirect_uri": SITE,
        "code_challenge": challenge_of(VERIFIER),
        "jkt": None,
        "scope": "email",
        "audience": "https://api.example",
        "amr": "mca",
        "auth_time": stage.clock() - 90_000_000,
        "expires_at": stage.clock() + 60_000_000,
    }
    code = AuthorizationCode(**(values | changes))
    await stage.database.transact(lambda tx: authorization_codes.add(tx, code))
    return text


def form(code: str, **changes: str) -> dict[str, str]:
    """The fields of a redemption."""
    return redemption(code, SITE, client_id="site", **changes)


async def test_a_public_site_without_a_key_gets_a_bearer_token_and_nothing_to_renew_it(stage: Stage) -> None:
    await site(stage)
    answer = await post(stage, TOKEN, form(await minted(stage)))
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert "refresh_token" not in tokens
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["client_id"], claims["aud"], claims["scope"]) == ("site", "https://api.example", "email")
    assert claims["amr"] == ["mca"]
    assert claims["auth_time"] == stage.clock() // 1_000_000 - 90
    assert "cnf" not in claims
    assert await stage.rows("SELECT state FROM logins") == [("consumed",)]


async def test_a_site_with_a_secret_gets_a_refresh_token(stage: Stage) -> None:
    await site(stage, secret_hash=hash_secret(SECRET))
    code = await minted(stage, amr="")
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form(code)), 401, "invalid_client")
        refused(await post(stage, TOKEN, form(code, client_secret="x")), 401, "invalid_client")
    tokens = (await post(stage, TOKEN, form(code, client_secret=SECRET))).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["refresh_token"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["amr"] == []


async def test_whoever_brings_a_key_is_bound_to_it_and_known_by_it(stage: Stage) -> None:
    await site(stage, dpop="required")
    device = primed(stage)
    answer = await device.post(stage.client, TOKEN, form(await minted(stage)))
    tokens = answer.json()
    assert tokens["token_type"] == "DPoP"
    assert tokens["refresh_token"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": jkt_of(device)}
    assert claims["amr"] == ["pop", "swk", "mca"]
    keys = await stage.rows("SELECT key_id FROM devices WHERE application_id = 'site'")
    assert keys == [(jkt_of(device),)]
    assert (await stage.rows("SELECT device_id FROM sessions WHERE application_id = 'site'"))[0][0]


async def test_where_keys_are_required_none_is_refused(stage: Stage) -> None:
    await site(stage, dpop="required")
    code = await minted(stage)
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form(code)), 400, "invalid_dpop_proof")


async def test_a_code_that_names_a_key_is_for_that_key(stage: Stage) -> None:
    """RFC 9449 §10: `dpop_jkt` at the start."""
    await site(stage)
    owner, thief = primed(stage), primed(stage)
    code = await minted(stage, jkt=jkt_of(owner))
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form(code)), 400, "invalid_dpop_proof")
    refused(await thief.post(stage.client, TOKEN, form(code)), 400, "invalid_grant")
    assert await stage.rows("SELECT count(*) FROM sessions WHERE application_id = 'site'") == [(0,)]
    assert (await owner.post(stage.client, TOKEN, form(code))).status_code == 200


async def test_without_a_key_the_device_is_the_browser_that_signed_in(stage: Stage) -> None:
    await site(stage)
    code = await minted(stage)
    ((device_id,),) = await stage.rows("SELECT id FROM devices")
    await execute(stage, f"UPDATE authorization_codes SET device_id = '{device_id}'")  # noqa: S608 - our own id
    await post(stage, TOKEN, form(code))
    assert await stage.rows("SELECT device_id FROM sessions WHERE application_id = 'site'") == [(device_id,)]


@pytest.mark.parametrize("sql", ["UPDATE users SET disabled_at = 1", "DELETE FROM users", "DELETE FROM logins"])
async def test_a_person_who_may_not_sign_in_any_more_gets_nothing(stage: Stage, sql: str) -> None:
    await site(stage)
    code = await minted(stage)
    await execute(stage, sql)
    async with nothing_written(stage):
        refused(await post(stage, TOKEN, form(code)), 400, "invalid_grant")


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "x" * 43}, {"redirect_uri": SITE + "/"}, {"client_id": "desk-app"}]
)
async def test_what_does_not_fit_is_refused_and_uses_nothing_up(stage: Stage, changes: dict[str, str]) -> None:
    await site(stage)
    code = await minted(stage)
    answer = await primed(stage).post(stage.client, TOKEN, form(code) | changes)
    refused(answer, 400, "invalid_grant")
    assert (await post(stage, TOKEN, form(code))).status_code == 200


async def test_after_its_time_it_is_worth_nothing(stage: Stage) -> None:
    await site(stage)
    code = await minted(stage)
    stage.clock.advance(60)
    refused(await post(stage, TOKEN, form(code)), 400, "invalid_grant")


async def test_a_second_redemption_ends_the_session_of_the_first(stage: Stage) -> None:
    await site(stage)
    code = await minted(stage)
    answers = await asyncio.gather(*(post(stage, TOKEN, form(code)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    ended = "SELECT application_id, ended_at IS NULL FROM sessions ORDER BY 1"
    assert [(name, bool(lives)) for name, lives in await stage.rows(ended)] == [("desk-app", True), ("site", False)]


async def test_a_site_of_known_devices_lets_a_new_key_wait_and_the_login_be(stage: Stage) -> None:
    await site(stage, dpop="required", new_devices="refuse")
    code = await minted(stage)
    answer = await primed(stage).post(stage.client, TOKEN, form(code))
    assert refused(answer, 400, "access_denied")["reason"] == "new_device"
    assert await stage.rows("SELECT state FROM devices WHERE application_id = 'site'") == [("waiting",)]
    assert await stage.rows("SELECT state FROM logins") == [("consumed",)]


async def test_a_report_reaches_the_code_and_the_sessions_that_came_of_it(stage: Stage) -> None:
    await site(stage)
    code = await minted(stage)
    secret = await stage.secret()
    await post(stage, TOKEN, form(code))
    assert (await stage.decide(secret, "report")).status_code == 200
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(2, 2)]


async def test_a_report_kills_a_code_that_nobody_has_redeemed_yet(stage: Stage) -> None:
    await site(stage)
    code = await minted(stage)
    assert (await stage.decide(await stage.secret(), "report")).status_code == 200
    refused(await post(stage, TOKEN, form(code)), 400, "invalid_grant")
    assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]


async def test_an_application_that_asks_for_fingerprints_gets_one_with_a_key_and_keeps_it(stage: Stage) -> None:
    await site(stage, fingerprint="required")
    device = primed(stage)
    code = await minted(stage, jkt=jkt_of(device))
    form = redemption(code, SITE, client_id="site")
    answer = await device.post(stage.client, TOKEN, form)
    assert "device_fingerprint" in refused(answer, 400, "invalid_request")["error_description"]
    answer = await device.post(stage.client, TOKEN, form | {"device_fingerprint": fingerprint()})
    assert answer.status_code == 200, answer.text
    (kept,) = [row[0] for row in await stage.rows("SELECT fingerprint FROM devices WHERE application_id = 'site'")]
    assert '"os"' in kept


async def test_a_browser_has_no_fingerprint_and_is_not_asked_for_one(stage: Stage) -> None:
    await site(stage, fingerprint="required")
    answer = await post(stage, TOKEN, redemption(await minted(stage), SITE, client_id="site"))
    assert answer.status_code == 200, answer.text
