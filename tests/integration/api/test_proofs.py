# SPDX-License-Identifier: Apache-2.0
"""Proofs of possession at every endpoint that takes them: bad, stale, foreign and repeated ones (R60-R66, A8)."""

from collections.abc import Callable
from typing import Any

import httpx2
import jwt
import pytest

from support.device import Device
from support.http import ASK, REVOKE, TOKEN, ask_form, nothing_written, poll_form, post, refused
from support.stage import ISSUER, Asked, Stage

PATHS = [ASK, TOKEN, REVOKE]


async def _call(stage: Stage, path: str, asked: Asked, proof: str | None) -> httpx2.Response:
    forms = {
        ASK: ask_form(login_hint="proof@example.com"),
        TOKEN: poll_form(asked),
        REVOKE: {"client_id": "desk-app", "token": asked.device_code},
    }
    return await post(stage, path, forms[path], proof=proof)


def _bad_proofs(device: Device, path: str) -> dict[str, str]:
    now = device.clock() // 1_000_000
    good = device.proof(path)
    header, claims, signature = good.split(".")
    return {
        "empty": "",
        "no JWS": "proof",
        "four parts": good + ".x",
        "tampered": f"{header}.{claims}.{signature[:-4]}AAAA",
        "other method": device.proof(path, htm="GET"),
        "other path": device.proof(path, htu=ISSUER + "/oauth/elsewhere"),
        "other host": device.proof(path, htu="https://evil.example" + path),
        "other scheme": device.proof(path, htu="http://id.example" + path),
        "too old": device.proof(path, iat=now - 61),
        "too early": device.proof(path, iat=now + 31),
        "iat as text": device.proof(path, iat=str(now)),
        "no jti": device.proof(path, jti=None),
        "empty jti": device.proof(path, jti=""),
        "long jti": device.proof(path, jti="x" * 129),
        "jti with a lone surrogate": device.proof(path, jti="\ud800"),
        "nonce as number": device.proof(path, nonce=5),
        "typ": _sign(device, path, {"typ": "jwt"}),
        "private key": _sign(device, path, {"jwk": {**device.public_jwk, "d": "AAAA"}}),
        "somebody else's key": _sign(device, path, {"jwk": Device(ISSUER, device.clock).public_jwk}),
        "no key": _sign(device, path, {"jwk": None}),
        "none": jwt.encode({"jti": "x"}, "", algorithm="none", headers={"typ": "dpop+jwt", "jwk": device.public_jwk}),
        "long": good + "A" * 5000,
    }


def _sign(device: Device, path: str, headers: dict[str, Any]) -> str:
    claims = jwt.decode(device.proof(path), options={"verify_signature": False})
    base = {"typ": "dpop+jwt", "jwk": device.public_jwk}
    return jwt.encode(claims, device.key, algorithm="ES256", headers=base | headers)


@pytest.mark.parametrize("path", PATHS)
async def test_a_bad_proof_is_refused_and_nothing_is_written(sqlite_stage: Stage, path: str) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        for name, proof in _bad_proofs(asked.device, path).items():
            answer = await _call(sqlite_stage, path, asked, proof)
            assert answer.json()["error"] == "invalid_dpop_proof", name
            refused(answer, 400, "invalid_dpop_proof")


@pytest.mark.parametrize("path", PATHS)
async def test_a_missing_or_stale_nonce_is_answered_with_a_fresh_one(sqlite_stage: Stage, path: str) -> None:
    asked = await sqlite_stage.approved()
    old = asked.device.nonce
    sqlite_stage.clock.advance(100)
    nonces = sqlite_stage.service.services.nonces
    stale = nonces.current(sqlite_stage.clock() - 600_000_000)
    ahead = nonces.current(sqlite_stage.clock() + 300_000_000)
    async with nothing_written(sqlite_stage):
        for nonce in (None, "", "x", stale, ahead, "A" * 54):
            answer = await _call(sqlite_stage, path, asked, asked.device.proof(path, nonce=nonce))
            refused(answer, 400, "use_dpop_nonce")
            assert nonces.accepts(answer.headers["dpop-nonce"], sqlite_stage.clock())
    assert old is not None
    assert (await _call(sqlite_stage, TOKEN, asked, asked.device.proof(TOKEN, nonce=old))).status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_two_proofs_in_one_request_are_none(sqlite_stage: Stage, path: str) -> None:
    asked = await sqlite_stage.approved()
    headers = [("DPoP", asked.device.proof(path)), ("DPoP", asked.device.proof(path))]
    async with nothing_written(sqlite_stage):
        refused(await sqlite_stage.client.post(path, data=poll_form(asked) | ask_form(token="x"), headers=headers), 400,
                "invalid_dpop_proof")  # fmt: skip


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_a_proof_is_good_once(stage: Stage, path: str, forget: bool) -> None:  # noqa: FBT001 - a parameter
    """The second time is refused by memory, or by the database when another replica gets it."""
    asked = await stage.approved()
    stage.clock.advance(60)
    proof = asked.device.proof(path)
    assert (await _call(stage, path, asked, proof)).status_code == 200
    async with nothing_written(stage):
        for elapsed in (0, 30, 29):
            stage.clock.advance(elapsed)
            if forget:
                stage.proofs._current.clear()
            again = await _call(stage, path, asked, proof)
            refused(again, 400, "invalid_dpop_proof")


async def test_a_proof_of_one_endpoint_is_no_proof_for_another(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        for made_for in PATHS:
            for sent_to in PATHS:
                if made_for != sent_to:
                    proof = asked.device.proof(made_for)
                    refused(await _call(sqlite_stage, sent_to, asked, proof), 400, "invalid_dpop_proof")


async def test_a_jti_is_one_devices_own(sqlite_stage: Stage) -> None:
    asked, other = await sqlite_stage.approved(), sqlite_stage.device()
    other.nonce = asked.device.nonce
    first = await post(sqlite_stage, TOKEN, poll_form(asked), proof=other.proof(TOKEN, jti="same"))
    refused(first, 400, "invalid_grant")
    mine = await post(sqlite_stage, TOKEN, poll_form(asked), proof=asked.device.proof(TOKEN, jti="same"))
    assert mine.status_code == 200


SPELLINGS: list[Callable[[str], str]] = [
    lambda url: url.replace("https", "HTTPS"),
    lambda url: url.replace("id.example", "ID.EXAMPLE"),
    lambda url: url.replace("id.example", "id.example:443"),
    lambda url: url + "?a=b#c",
    lambda url: url.replace("/token", "/%74oken"),
    lambda url: url.replace("/oauth", "/x/../oauth"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
async def test_the_url_may_be_spelt_in_any_equal_way(sqlite_stage: Stage, spell: Callable[[str], str]) -> None:
    asked = await sqlite_stage.approved()
    proof = asked.device.proof(TOKEN, htu=spell(ISSUER + TOKEN))
    assert (await post(sqlite_stage, TOKEN, poll_form(asked), proof=proof)).status_code == 200
    again = jwt.decode(proof, options={"verify_signature": False})
    proof = asked.device.proof(TOKEN, jti=again["jti"])
    refused(await post(sqlite_stage, TOKEN, poll_form(asked), proof=proof), 400, "invalid_dpop_proof")


async def test_a_full_memory_refuses_rather_than_forgets(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    sqlite_stage.proofs._capacity = 0
    async with nothing_written(sqlite_stage):
        for path in PATHS:
            answer = await _call(sqlite_stage, path, asked, asked.device.proof(path))
            refused(answer, 503, "temporarily_unavailable")
            assert answer.headers["retry-after"] == "90"
