# SPDX-License-Identifier: Apache-2.0
"""What an approved login gives: tokens once, again only for a lost answer, checked by PyJWT (protocol §4)."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import jwt
import pytest

from counterfoil_service.crypto.dpop import thumbprint
from support.http import TOKEN, execute, nothing_written, poll_form, post, refused
from support.stage import ISSUER, START, OpenStage, Stage

NOW = START // 1_000_000


async def _claims(stage: Stage, token: str, audience: str = ISSUER) -> dict[str, Any]:
    """Verified the way a resource server would, but for the clock, which is the test's."""
    key_set = jwt.PyJWKSet.from_dict((await stage.client.get("/.well-known/jwks.json")).json())
    key = key_set[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], audience=audience, issuer=stage.issuer, options=options
    )
    return claims


async def test_the_answer_has_exactly_the_documented_members(stage: Stage) -> None:
    answer = await stage.poll(await stage.approved())
    tokens = answer.json()
    assert list(tokens) == ["access_token", "token_type", "expires_in", "scope", "session_id", "sub", "refresh_token"]
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("DPoP", 300, "email")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}\.[A-Za-z0-9_-]{43}", tokens["refresh_token"])
    assert tokens["refresh_token"].startswith(tokens["session_id"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["dpop-nonce"]


async def test_the_access_token_has_every_claim_and_no_other(stage: Stage) -> None:
    stage.clock.advance(0.7)
    asked = await stage.approved(device_label="Laptop")
    stage.clock.advance(30)
    tokens = (await stage.poll(asked)).json()
    assert jwt.get_unverified_header(tokens["access_token"]).keys() == {"typ", "alg", "kid"}
    assert jwt.get_unverified_header(tokens["access_token"]) | {"kid": ""} == {
        "typ": "at+jwt",
        "alg": "ES256",
        "kid": "",
    }
    claims = await _claims(stage, tokens["access_token"])
    jti, subject = claims.pop("jti"), claims.pop("sub")
    assert claims == {
        "iss": ISSUER,
        "aud": ISSUER,
        "client_id": "desk-app",
        "iat": NOW + 30,
        "nbf": NOW + 30,
        "exp": NOW + 330,
        "auth_time": NOW,
        "scope": "email",
        "sid": tokens["session_id"],
        "acr": "urn:counterfoil:acr:email-link",
        "amr": ["pop", "swk", "mca"],
        "cnf": {"jkt": thumbprint(asked.device.public_jwk)},
    }
    assert subject == tokens["sub"]
    assert re.fullmatch("[A-Za-z0-9_-]{22}", subject)
    assert re.fullmatch("[A-Za-z0-9_-]{22}", jti)
    assert "ada" not in json.dumps(claims)


async def test_the_tokens_are_for_what_was_asked_for(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wide", scopes=("email", "files"), audiences=("https://a.example", "urn:b"))
    asked = await sqlite_stage.approved(client_id="wide", scope="files", resource="urn:b")
    tokens = (
        await sqlite_stage.poll(asked, client_id="wide", scope="email files", resource="https://a.example")
    ).json()
    claims = await _claims(sqlite_stage, tokens["access_token"], "urn:b")
    assert (claims["scope"], claims["aud"], tokens["scope"]) == ("files", "urn:b", "files")


async def test_the_same_person_keeps_one_subject_and_two_people_have_two(stage: Stage) -> None:
    subjects = []
    for address in ("ada@example.com", "ADA@EXAMPLE.COM", "bob@example.com"):
        stage.clock.advance(1)
        subjects.append((await stage.poll(await stage.approved(address))).json()["sub"])
    assert subjects[0] == subjects[1] != subjects[2]
    assert await stage.count("users") == 2
    assert await stage.count("sessions") == 3


async def test_a_hundred_polls_at_one_moment_give_one_session(stage: Stage) -> None:
    asked = await stage.approved()
    proofs = [asked.device.proof(TOKEN) for _ in range(100)]
    answers = await asyncio.gather(*(post(stage, TOKEN, poll_form(asked), proof=proof) for proof in proofs))
    granted = [answer.json() for answer in answers if answer.status_code == 200]
    assert len({tokens["session_id"] for tokens in granted}) == 1
    assert len(granted) == 100
    assert await stage.count("sessions") == 1
    assert await stage.count("users") == 1
    assert await stage.rows("SELECT count(*) FROM refresh_tokens WHERE state = 'current'") == [(1,)]
    names = await stage.names(asked.login_id)
    assert (names.count("login.completed"), names.count("session.created")) == (1, 1)
    assert names.count("login.reissued") == 99


async def test_a_hundred_thieves_at_one_moment_get_nothing(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    thief = sqlite_stage.device()
    thief.nonce = asked.device.nonce
    proofs = [thief.proof(TOKEN) for _ in range(100)]
    answers = await asyncio.gather(*(post(sqlite_stage, TOKEN, poll_form(asked), proof=proof) for proof in proofs))
    for answer in answers:
        refused(answer, 400, "invalid_grant")
    assert await sqlite_stage.count("sessions") == 0


async def test_a_lost_answer_may_be_asked_for_again_for_a_minute(stage: Stage) -> None:
    asked = await stage.approved()
    first = (await stage.poll(asked)).json()
    stage.clock.advance(59)
    again = (await stage.poll(asked)).json()
    assert (again["session_id"], again["sub"]) == (first["session_id"], first["sub"])
    assert again["refresh_token"] != first["refresh_token"]
    assert again["access_token"] != first["access_token"]
    assert sorted(await stage.rows("SELECT state FROM refresh_tokens")) == [("current",), ("replaced",)]
    assert (await stage.names(asked.login_id))[-1] == "login.reissued"

    stage.clock.advance(1)
    async with nothing_written(stage):
        refused(await stage.poll(asked), 400, "invalid_grant")


async def test_a_lost_answer_outlives_the_login_itself(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    stage.clock.advance(595)
    await stage.decide(secret, "approve", asked.user_code)
    assert (await stage.poll(asked)).status_code == 200
    stage.clock.advance(30)
    assert (await stage.poll(asked)).status_code == 200


async def test_a_lost_answer_is_over_once_a_refresh_token_was_used(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    await execute(stage, "UPDATE refresh_tokens SET state = 'used'")
    async with nothing_written(stage):
        refused(await stage.poll(asked), 400, "invalid_grant")


async def test_a_lost_answer_is_over_once_the_session_has_ended(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    await execute(stage, "UPDATE sessions SET ended_at = 1")
    async with nothing_written(stage):
        refused(await stage.poll(asked), 400, "invalid_grant")


async def test_a_lost_answer_is_only_for_the_same_key(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    refused(await stage.poll(asked, stage.device()), 400, "invalid_grant")
    assert await stage.rows("SELECT state FROM refresh_tokens") == [("current",)]


async def test_refresh_tokens_are_stored_as_hashes_alone(stage: Stage) -> None:
    tokens = (await stage.poll(await stage.approved())).json()
    for table in ("sessions", "refresh_tokens", "audit_events", "logins"):
        for row in await stage.rows(f"SELECT * FROM {table}"):  # noqa: S608 - a name from above
            assert tokens["refresh_token"].partition(".")[2] not in str(row)


async def test_an_altered_token_does_not_verify(sqlite_stage: Stage) -> None:
    token = (await sqlite_stage.poll(await sqlite_stage.approved())).json()["access_token"]
    await _claims(sqlite_stage, token)
    head, body, signature = token.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        await _claims(sqlite_stage, f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}")


async def test_no_token_without_a_signing_key(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(sqlite_url, tmp_path) as stage:
        asked = await stage.approved()
        await execute(stage, "DELETE FROM signing_keys")
        stage.service.services.signers._keys = []
        async with nothing_written(stage):
            answer = await stage.poll(asked)
            refused(answer, 503, "temporarily_unavailable")
        assert answer.headers["retry-after"] == "1"
