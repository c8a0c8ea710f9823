# SPDX-License-Identifier: Apache-2.0
"""`POST /oauth/revoke` with a device code: the device gives its login up, and nobody else does (protocol §6)."""

import pytest

from support.http import REVOKE, execute, nothing_written, post, primed, refused
from support.stage import Asked, Stage


def _form(asked: Asked, **changes: str) -> dict[str, str]:
    return {"client_id": "desk-app", "token": asked.device_code} | changes


@pytest.mark.parametrize("approved", [False, True])
async def test_the_device_cancels_its_open_login(stage: Stage, approved: bool) -> None:  # noqa: FBT001 - a parameter
    asked = await (stage.approved() if approved else stage.start())
    secret = await stage.secret()
    answer = await asked.device.post(stage.client, REVOKE, _form(asked))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    refused(await stage.poll(asked), 400, "invalid_grant")
    assert (await stage.open(secret)).status_code == 410
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 410
    assert "login.cancelled" in await stage.names(asked.login_id)


async def test_cancelling_twice_is_one_cancellation(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    for _ in range(2):
        assert (await asked.device.post(sqlite_stage.client, REVOKE, _form(asked))).status_code == 200
    assert (await sqlite_stage.names(asked.login_id)).count("login.cancelled") == 1


async def test_another_key_has_no_effect_and_raises_an_alert(stage: Stage) -> None:
    asked = await stage.approved()
    answer = await primed(stage).post(stage.client, REVOKE, _form(asked))
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await stage.names(asked.login_id))[-1] == "login.key_mismatch"
    assert (await stage.poll(asked)).status_code == 200


async def test_another_application_has_no_effect(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("other-app")
    asked = await sqlite_stage.approved()
    async with nothing_written(sqlite_stage):
        answer = await asked.device.post(sqlite_stage.client, REVOKE, _form(asked, client_id="other-app"))
        assert answer.status_code == 200
    assert (await sqlite_stage.poll(asked)).status_code == 200


async def test_an_unknown_token_is_as_good_as_revoked(stage: Stage) -> None:
    device = primed(stage)
    async with nothing_written(stage):
        for token in ("unknown", "A" * 43, "é" * 200, "x" * 15_000, "a.b.c", "01M7Q5CQG0WNXHWYHCPYPVE9QH." + "A" * 43):
            answer = await device.post(stage.client, REVOKE, {"client_id": "desk-app", "token": token})
            assert (answer.status_code, answer.content) == (200, b""), token


async def test_a_finished_login_stays_as_it_is(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.approved()
    await sqlite_stage.poll(asked)
    assert (await asked.device.post(sqlite_stage.client, REVOKE, _form(asked))).status_code == 200
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("consumed",)]
    assert await sqlite_stage.rows("SELECT ended_at FROM sessions") == [(None,)]


async def test_an_expired_login_is_not_cancelled_afterwards(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    sqlite_stage.clock.advance(600)
    assert (await asked.device.post(sqlite_stage.client, REVOKE, _form(asked))).status_code == 200
    refused(await sqlite_stage.poll(asked), 400, "expired_token")


async def test_without_proof_nothing_is_cancelled(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    async with nothing_written(sqlite_stage):
        refused(await post(sqlite_stage, REVOKE, _form(asked)), 400, "invalid_dpop_proof")
        refused(await post(sqlite_stage, REVOKE, _form(asked), proof="x"), 400, "invalid_dpop_proof")
        stale = asked.device.proof(REVOKE, nonce=None)
        refused(await post(sqlite_stage, REVOKE, _form(asked), proof=stale), 400, "use_dpop_nonce")
        refused(await post(sqlite_stage, REVOKE, {"client_id": "desk-app"}, proof=asked.device.proof(REVOKE)), 400,
                "invalid_request")  # fmt: skip
        form = _form(asked, client_id="nobody")
        refused(await asked.device.post(sqlite_stage.client, REVOKE, form), 401, "invalid_client")
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


async def test_a_hint_about_the_token_is_only_a_hint(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    form = _form(asked, token_type_hint="access_token")
    assert (await asked.device.post(sqlite_stage.client, REVOKE, form)).status_code == 200
    assert await sqlite_stage.rows("SELECT state FROM logins") == [("cancelled",)]
    await execute(sqlite_stage, "DELETE FROM logins")
    assert (await asked.device.post(sqlite_stage.client, REVOKE, form)).status_code == 200
