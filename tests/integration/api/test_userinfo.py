# SPDX-License-Identifier: Apache-2.0
"""`GET /oauth/userinfo`: who signed in, for who holds the token and its key (protocol §6, RFC 9449 §7, RFC 6750)."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from counterfoil_service.crypto.argon2 import hash_secret
from support.http import (
    ASK,
    GRANT_TYPE,
    REVOKE,
    TOKEN,
    ask_form,
    execute,
    nothing_written,
    post,
    primed,
    problem,
    refused,
)
from support.stage import ISSUER, OpenStage, Stage
from support.tokens import SESSIONS, USERINFO, SignedIn, ath, call, renew, sign_in

SECRET = "correct horse battery staple"
PATHS = [USERINFO, SESSIONS]


def _no(answer: httpx2.Response, status: int, code: str) -> str:
    """The challenge of a refusal in its full shape, under `/oauth/` and elsewhere."""
    if answer.url.path.startswith("/oauth/"):
        refused(answer, status, code)
    else:
        problem(answer, status, code)
    assert answer.headers["dpop-nonce"]
    return answer.headers.get("www-authenticate", "")


async def test_the_answer_is_subject_persistent_id_and_the_address(stage: Stage) -> None:
    signed = await sign_in(stage, "Ada.L@EXAMPLE.com")
    async with nothing_written(stage):
        answer = await call(stage, signed, USERINFO)
    body = answer.json()
    assert list(body) == ["sub", "persistent_id", "email", "email_verified"]
    assert (body["sub"], body["email"], body["email_verified"]) == (signed.subject, "Ada.L@example.com", True)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", body["persistent_id"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    head = await call(stage, signed, USERINFO, "HEAD")
    assert (head.status_code, head.content) == (200, b"")


async def test_the_address_is_shown_with_the_scope_alone(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("wide", scopes=("email", "files"))
    signed = await sign_in(sqlite_stage, client_id="wide", scope="files")
    assert list((await call(sqlite_stage, signed, USERINFO)).json()) == ["sub", "persistent_id"]
    other = await sign_in(sqlite_stage, "bob@example.com", client_id="wide")
    assert "email" in (await call(sqlite_stage, other, USERINFO)).json()
    await renew(sqlite_stage, other, client_id="wide", scope="files")
    assert "email" not in (await call(sqlite_stage, other, USERINFO)).json()


async def test_the_persistent_id_is_the_mailboxs_at_every_application_and_for_good(stage: Stage) -> None:
    await stage.add_application("other-app")
    ids = []
    people = [("Ada@example.com", "desk-app"), ("ADA@example.com", "other-app"), ("bob@example.com", "desk-app")]
    for address, client_id in people:
        stage.clock.advance(1)
        signed = await sign_in(stage, address, client_id=client_id)
        body = (await call(stage, signed, USERINFO)).json()
        ids.append((body["sub"], body["persistent_id"]))
    assert ids[0] == ids[1]
    assert ids[2][1] != ids[0][1]
    await execute(stage, "DELETE FROM users")
    again = await sign_in(stage, "ada@example.com")
    body = (await call(stage, again, USERINFO)).json()
    assert (body["sub"] != ids[0][0], body["persistent_id"]) == (True, ids[0][1])


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_token_the_challenge_names_the_scheme_and_no_error(sqlite_stage: Stage, path: str) -> None:
    async with nothing_written(sqlite_stage):
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": ""}):
            answer = await sqlite_stage.client.get(path, headers=headers)
            assert _no(answer, 401, "invalid_token") == 'DPoP algs="ES256"'


@pytest.mark.parametrize("path", PATHS)
async def test_a_bound_token_sent_as_bearer_is_refused(sqlite_stage: Stage, path: str) -> None:
    """R67: with or without a proof, in any spelling of the scheme."""
    signed = await sign_in(sqlite_stage)
    for scheme in ("Bearer", "bearer", "BEARER"):
        proof = signed.device.proof(path, method="GET", ath=ath(signed.access))
        for extra in ({}, {"DPoP": proof}):
            headers = {"Authorization": f"{scheme} {signed.access}"} | extra
            challenge = _no(await sqlite_stage.client.get(path, headers=headers), 401, "invalid_token")
            assert challenge.startswith('Bearer error="invalid_token", error_description="')
            assert challenge.endswith(', DPoP algs="ES256"')


@pytest.mark.parametrize("path", PATHS)
async def test_a_stale_nonce_is_answered_with_401_and_a_fresh_one(sqlite_stage: Stage, path: str) -> None:
    signed = await sign_in(sqlite_stage)
    nonces = sqlite_stage.service.services.nonces
    stale = nonces.current(sqlite_stage.clock() - 600_000_000)
    for nonce in (None, "x", stale):
        answer = await call(sqlite_stage, signed, path, nonce=nonce)
        challenge = _no(answer, 401, "use_dpop_nonce")
        assert challenge.startswith('DPoP error="use_dpop_nonce", error_description="')
        assert challenge.endswith('algs="ES256"')
        assert nonces.accepts(answer.headers["dpop-nonce"], sqlite_stage.clock())
    assert (await call(sqlite_stage, signed, path)).status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_proof_that_does_not_fit_is_refused_with_401(sqlite_stage: Stage, path: str) -> None:
    signed = await sign_in(sqlite_stage)
    other = await sign_in(sqlite_stage, "bob@example.com")
    now = sqlite_stage.clock() // 1_000_000
    unfit: list[dict[str, Any]] = [
        {"ath": None},
        {"ath": ath(other.access)},
        {"ath": signed.access},
        {"ath": ""},
        {"htm": "POST"},
        {"htu": ISSUER + TOKEN},
        {"htu": "https://evil.example" + path},
        {"iat": now - 61},
        {"jti": ""},
    ]
    for changes in unfit:
        answer = await call(sqlite_stage, signed, path, **changes)
        challenge = _no(answer, 401, "invalid_dpop_proof")
        assert challenge.startswith('DPoP error="invalid_dpop_proof", error_description="'), changes
    bare = await sqlite_stage.client.get(path, headers={"Authorization": f"DPoP {signed.access}"})
    _no(bare, 401, "invalid_dpop_proof")


@pytest.mark.parametrize("path", PATHS)
async def test_a_proof_is_good_once_here_too(sqlite_stage: Stage, path: str) -> None:
    signed = await sign_in(sqlite_stage)
    proof = signed.device.proof(path, method="GET", ath=ath(signed.access))
    headers = {"Authorization": f"DPoP {signed.access}", "DPoP": proof}
    assert (await sqlite_stage.client.get(path, headers=headers)).status_code == 200
    _no(await sqlite_stage.client.get(path, headers=headers), 401, "invalid_dpop_proof")


@pytest.mark.parametrize("path", PATHS)
async def test_a_token_with_another_key_is_worth_nothing(sqlite_stage: Stage, path: str) -> None:
    signed = await sign_in(sqlite_stage)
    answer = await call(sqlite_stage, signed, path, device=primed(sqlite_stage))
    assert _no(answer, 401, "invalid_token").startswith('DPoP error="invalid_token"')


async def test_two_authorization_headers_are_none(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    headers = [("Authorization", f"DPoP {signed.access}"), ("Authorization", "Bearer x")]
    refused(await sqlite_stage.client.get(USERINFO, headers=headers), 400, "invalid_request")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\xe9", "A" * 9000, "a b", "..", "e30.e30.e30"])
async def test_strange_tokens_are_invalid_and_no_error_of_ours(sqlite_stage: Stage, token: str) -> None:
    device = primed(sqlite_stage)
    proof = device.proof(USERINFO, method="GET", ath=ath(token))
    for scheme in (b"DPoP ", b"Bearer "):
        headers = {b"authorization": scheme + token.encode("latin-1"), b"dpop": proof.encode()}
        _no(await sqlite_stage.client.get(USERINFO, headers=headers), 401, "invalid_token")


End = Callable[[Stage, SignedIn], Awaitable[object]]


async def _revoke(stage: Stage, signed: SignedIn) -> None:
    await signed.device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": signed.refresh})


async def _let_it_expire(stage: Stage, _signed: SignedIn) -> None:
    stage.clock.advance(300)


ENDS: dict[str, End] = {
    "revoked": _revoke,
    "disabled": lambda stage, _: execute(stage, "UPDATE users SET disabled_at = 1"),
    "erased": lambda stage, _: execute(stage, "DELETE FROM users"),
    "idle": lambda stage, _: execute(stage, "UPDATE sessions SET last_used_at = 0"),
    "expired": _let_it_expire,
    "somebody else's": lambda stage, _: execute(stage, "UPDATE sessions SET user_id = 'other'"),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_what_ended_is_invalid_at_once(sqlite_stage: Stage, path: str, end: End) -> None:
    signed = await sign_in(sqlite_stage)
    await end(sqlite_stage, signed)
    _no(await call(sqlite_stage, signed, path), 401, "invalid_token")


async def _bearer(stage: Stage, **application: object) -> str:
    await stage.add_application("web-app", dpop="optional", secret_hash=hash_secret(SECRET), **application)
    secret = {"client_id": "web-app", "client_secret": SECRET}
    asked = (await post(stage, ASK, ask_form(**secret))).json()
    await stage.decide(await stage.secret(), "approve", asked["user_code"])
    form = {"grant_type": GRANT_TYPE, "device_code": asked["device_code"]}
    return str((await post(stage, TOKEN, form | secret)).json()["access_token"])


async def test_a_token_without_a_key_is_a_bearer_token_and_nothing_else(sqlite_stage: Stage) -> None:
    token = await _bearer(sqlite_stage)
    answer = await sqlite_stage.client.get(USERINFO, headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["email"] == "ada@example.com"
    device = primed(sqlite_stage)
    proof = device.proof(USERINFO, method="GET", ath=ath(token))
    answer = await sqlite_stage.client.get(USERINFO, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
    _no(answer, 401, "invalid_token")


async def test_a_bearer_token_for_an_api_is_not_good_here_though_the_api_has_it(sqlite_stage: Stage) -> None:
    token = await _bearer(sqlite_stage, audiences=("https://api.example",))
    for path in PATHS:
        answer = await sqlite_stage.client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert "audience" in _no(answer, 401, "invalid_token")


async def test_a_bound_token_for_an_api_is_good_here_for_only_its_device_can_use_it(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("files", audiences=("https://api.example",))
    signed = await sign_in(sqlite_stage, client_id="files")
    assert (await call(sqlite_stage, signed, USERINFO)).status_code == 200


async def test_an_issuer_with_a_path_has_its_endpoints_below_it(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    issuer = ISSUER + "/auth"
    async with open_stage(sqlite_url, tmp_path, public_url=issuer) as stage:
        signed = await sign_in(stage)
        for path in PATHS:
            assert (await call(stage, signed, path)).status_code == 200
            stale = await call(stage, signed, path, nonce="x")
            assert (stale.status_code, stale.json()["error"]) == (401, "use_dpop_nonce")


async def test_a_jti_is_one_devices_own_here_too(sqlite_stage: Stage) -> None:
    first, second = await sign_in(sqlite_stage), await sign_in(sqlite_stage, "bob@example.com")
    for signed in (first, second):
        assert (await call(sqlite_stage, signed, USERINFO, jti="same")).status_code == 200
    answer = await call(sqlite_stage, first, USERINFO, jti="same")
    _no(answer, 401, "invalid_dpop_proof")
