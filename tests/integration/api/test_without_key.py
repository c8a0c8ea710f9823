# SPDX-License-Identifier: Apache-2.0
"""`--dpop optional` and no proof sent: what such a login is, and above all what it is not (decisions, "No key")."""

import jwt
import pytest

from counterfoil_service.crypto.argon2 import hash_secret
from support.http import ASK, REVOKE, TOKEN, ask_form, nothing_written, poll_form, post, primed, refused
from support.stage import Asked, Stage


@pytest.fixture(scope="module")
def secret_hash() -> str:
    return hash_secret("secret")


@pytest.fixture
async def keyless(sqlite_stage: Stage) -> Stage:
    await sqlite_stage.add_application("web-app", dpop="optional")
    return sqlite_stage


async def _start(stage: Stage, address: str = "ada@example.com", **fields: str) -> Asked:
    response = await post(stage, ASK, ask_form(**({"client_id": "web-app", "login_hint": address} | fields)))
    answer = response.json()
    return Asked(stage.device(), answer["device_code"], answer["user_code"], answer["login_id"])


async def _approved(stage: Stage, **fields: str) -> Asked:
    asked = await _start(stage, **fields)
    assert (await stage.decide(await stage.secret(), "approve", asked.user_code)).status_code == 200
    return asked


async def test_whoever_holds_the_device_code_collects_a_bearer_token_bound_to_nothing(keyless: Stage) -> None:
    asked = await _approved(keyless)
    response = await post(keyless, TOKEN, poll_form(asked, client_id="web-app"))
    tokens = response.json()

    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope", "session_id", "sub"}
    assert tokens["token_type"] == "Bearer"
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert "cnf" not in claims
    assert claims["amr"] == ["mca"]
    assert await keyless.rows("SELECT jkt FROM sessions") == [(None,)]
    assert await keyless.count("refresh_tokens") == 0


async def test_a_lost_answer_is_lost(keyless: Stage) -> None:
    asked = await _approved(keyless)
    assert (await post(keyless, TOKEN, poll_form(asked, client_id="web-app"))).status_code == 200
    async with nothing_written(keyless):
        refused(await post(keyless, TOKEN, poll_form(asked, client_id="web-app")), 400, "invalid_grant")


async def test_a_proof_sent_later_is_refused_and_the_login_stays(keyless: Stage) -> None:
    asked = await _approved(keyless)
    refused(await keyless.poll(asked, client_id="web-app"), 400, "invalid_grant")
    assert await keyless.rows("SELECT state FROM logins") == [("approved",)]
    assert (await post(keyless, TOKEN, poll_form(asked, client_id="web-app"))).status_code == 200


async def test_a_login_with_a_key_cannot_be_collected_without_one(keyless: Stage) -> None:
    asked = await keyless.approved(client_id="web-app")
    refused(await post(keyless, TOKEN, poll_form(asked, client_id="web-app")), 400, "invalid_dpop_proof")
    assert (await keyless.poll(asked, client_id="web-app")).json()["token_type"] == "DPoP"


async def test_it_supersedes_nothing(keyless: Stage) -> None:
    first = await _start(keyless)
    second = await _start(keyless)
    await keyless.start(client_id="web-app")
    for asked in (first, second):
        response = await post(keyless, TOKEN, poll_form(asked, client_id="web-app"))
        refused(response, 400, "authorization_pending")


async def test_only_a_confidential_application_gets_a_refresh_token(keyless: Stage, secret_hash: str) -> None:
    await keyless.add_application("back-end", dpop="optional", secret_hash=secret_hash)
    asked = await _approved(keyless, client_id="back-end", client_secret="secret")
    form = poll_form(asked, client_id="back-end", client_secret="secret")
    tokens = (await post(keyless, TOKEN, form)).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["refresh_token"].startswith(tokens["session_id"] + ".")
    refused(await post(keyless, TOKEN, form), 400, "invalid_grant")


async def test_its_device_code_alone_cancels_it(keyless: Stage) -> None:
    asked = await _start(keyless)
    form = {"client_id": "web-app", "token": asked.device_code}
    assert (await post(keyless, REVOKE, form)).status_code == 200
    refused(await post(keyless, TOKEN, poll_form(asked, client_id="web-app")), 400, "invalid_grant")


async def test_a_key_does_not_cancel_it(keyless: Stage) -> None:
    asked = await _start(keyless)
    form = {"client_id": "web-app", "token": asked.device_code}
    assert (await primed(keyless).post(keyless.client, REVOKE, form)).status_code == 200
    refused(await post(keyless, TOKEN, poll_form(asked, client_id="web-app")), 400, "authorization_pending")
    assert "login.key_mismatch" in await keyless.names(asked.login_id)


async def test_a_bad_proof_is_no_missing_one(keyless: Stage) -> None:
    async with nothing_written(keyless):
        for proof in ("", "x", "a.b.c"):
            refused(await post(keyless, ASK, ask_form(client_id="web-app"), proof=proof), 400, "invalid_dpop_proof")
