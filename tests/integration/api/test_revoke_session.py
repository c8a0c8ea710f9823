# SPDX-License-Identifier: Apache-2.0
"""`POST /oauth/revoke` with a token of a session: signing out, at once and by the right device alone (R85)."""

import asyncio

import httpx2
import pytest

from support.device import Device
from support.http import REVOKE, nothing_written, post, primed, refused
from support.stage import Stage
from support.tokens import SignedIn, present, renew, session_events, sign_in

KINDS = ["refresh", "access"]


async def _revoke(stage: Stage, token: str, device: Device, **fields: str) -> httpx2.Response:
    return await device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": token} | fields)


def _token(signed: SignedIn, kind: str) -> str:
    return signed.refresh if kind == "refresh" else signed.access


async def _lives(stage: Stage) -> bool:
    return bool((await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL"))[0][0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "device_code", "nonsense"])
async def test_either_token_ends_the_session_at_once_whatever_the_hint(stage: Stage, kind: str, hint: str) -> None:
    signed = await sign_in(stage)
    answer = await _revoke(stage, _token(signed, kind), signed.device, token_type_hint=hint)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await session_events(stage, signed.session_id))[-1] == ("session.ended", "revoked")
    refused(await present(stage, signed.refresh, signed.device), 400, "invalid_grant")
    async with nothing_written(stage):
        assert (await _revoke(stage, _token(signed, kind), signed.device)).status_code == 200


async def test_a_device_that_missed_the_last_answer_signs_out_with_the_token_it_has(stage: Stage) -> None:
    signed = await sign_in(stage)
    assert (await present(stage, signed.refresh, signed.device)).status_code == 200
    assert (await _revoke(stage, signed.refresh, signed.device)).status_code == 200
    assert not await _lives(stage)
    assert "session.reuse_detected" not in dict(await session_events(stage, signed.session_id))


@pytest.mark.parametrize("kind", KINDS)
async def test_another_key_has_no_effect_and_raises_an_alert(stage: Stage, kind: str) -> None:
    signed = await sign_in(stage)
    answer = await _revoke(stage, _token(signed, kind), primed(stage))
    assert (answer.status_code, answer.content) == (200, b"")
    alert = (await stage.events(signed.asked.login_id))[-1]
    assert (alert.event.name, alert.event.fields) == ("session.key_mismatch", {"at": "revoke"})
    await renew(stage, signed)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_application_has_no_effect(sqlite_stage: Stage, kind: str) -> None:
    await sqlite_stage.add_application("other-app")
    signed = await sign_in(sqlite_stage)
    async with nothing_written(sqlite_stage):
        answer = await _revoke(sqlite_stage, _token(signed, kind), signed.device, client_id="other-app")
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("kind", KINDS)
async def test_without_proof_nobody_is_signed_out(sqlite_stage: Stage, kind: str) -> None:
    signed = await sign_in(sqlite_stage)
    form = {"client_id": "desk-app", "token": _token(signed, kind)}
    proof = signed.device.proof(REVOKE)
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, REVOKE, form), 400, "invalid_dpop_proof")
        refused(await post(sqlite_stage, REVOKE, form, proof="x"), 400, "invalid_dpop_proof")
        refused(await post(sqlite_stage, REVOKE, form | {"client_id": "nobody"}, proof=proof), 401, "invalid_client")


async def test_forged_expired_and_foreign_tokens_are_as_good_as_revoked(sqlite_stage: Stage) -> None:
    signed = await sign_in(sqlite_stage)
    header, claims, signature = signed.access.split(".")
    forged = [f"{signed.session_id}.{'A' * 43}", f"{header}.{claims}.{signature[:-4]}AAAA", f"{header}.{claims}.",
              f"{claims}.{header}.{signature}", "A" * 10_000, f"{'A' * 9000}.{claims}.{signature}"]  # fmt: skip
    async with nothing_written(sqlite_stage):
        for token in forged:
            assert (await _revoke(sqlite_stage, token, signed.device)).status_code == 200
    sqlite_stage.clock.advance(300)
    async with nothing_written(sqlite_stage):
        assert (await _revoke(sqlite_stage, signed.access, signed.device)).status_code == 200
    await renew(sqlite_stage, signed)


async def test_a_hundred_revocations_at_one_moment_end_it_once(stage: Stage) -> None:
    signed = await sign_in(stage)
    proofs = [signed.device.proof(REVOKE) for _ in range(100)]
    form = {"client_id": "desk-app", "token": signed.refresh}
    answers = await asyncio.gather(*(post(stage, REVOKE, form, proof=proof) for proof in proofs))
    assert {answer.status_code for answer in answers} == {200}
    assert (await session_events(stage, signed.session_id)).count(("session.ended", "revoked")) == 1


async def test_a_refresh_and_a_revocation_leave_no_living_session_behind(stage: Stage) -> None:
    for number in range(6):
        signed = await sign_in(stage, f"a{number}@example.com")
        attempts = [present(stage, signed.refresh, signed.device), _revoke(stage, signed.refresh, signed.device)]
        await asyncio.gather(*(attempts if number % 2 else attempts[::-1]))
        assert not await _lives(stage)


async def test_the_database_remembers_the_proof_that_ended_a_session(sqlite_stage: Stage) -> None:
    """A proof does not name its token: replayed at another replica it must not end the device's next session."""
    first = await sign_in(sqlite_stage)
    sqlite_stage.clock.advance(61)
    second = await sign_in(sqlite_stage, device=first.device)
    proof = first.device.proof(REVOKE)
    for token, status in ((first.refresh, 200), (second.refresh, 400)):
        answer = await post(sqlite_stage, REVOKE, {"client_id": "desk-app", "token": token}, proof=proof)
        assert answer.status_code == status
        sqlite_stage.proofs._current.clear()
    await renew(sqlite_stage, second)
