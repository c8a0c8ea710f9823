# SPDX-License-Identifier: Apache-2.0
"""How fast a device may poll: early polls slow it down for good, everything else does not [R8, R12-R14]."""

from typing import Any

import httpx2
import pytest

from counterfoil_service.app import Service
from counterfoil_service.web.gate import Gate
from support.http import TOKEN, poll_form, post, refused
from support.stage import Stage


async def _interval(stage: Stage) -> int:
    return int((await stage.rows("SELECT poll_interval FROM logins"))[0][0])


async def test_an_early_poll_raises_the_interval_by_five_seconds_for_good(stage: Stage) -> None:
    asked = await stage.start()
    refused(await stage.poll(asked), 400, "authorization_pending")
    stage.clock.advance(4.999)
    refused(await stage.poll(asked), 400, "slow_down")
    assert await _interval(stage) == 10
    stage.clock.advance(9.999)
    refused(await stage.poll(asked), 400, "slow_down")
    assert await _interval(stage) == 15
    for _ in range(3):
        stage.clock.advance(15)
        refused(await stage.poll(asked), 400, "authorization_pending")
    assert await _interval(stage) == 15


async def test_the_interval_counts_from_the_poll_before_even_if_that_was_early(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")
    sqlite_stage.clock.advance(4)
    refused(await sqlite_stage.poll(asked), 400, "slow_down")
    sqlite_stage.clock.advance(9)
    refused(await sqlite_stage.poll(asked), 400, "slow_down")


async def test_slow_down_here_is_400_without_retry_after(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    await sqlite_stage.poll(asked)
    answer = await sqlite_stage.poll(asked)
    refused(answer, 400, "slow_down")
    assert "retry-after" not in answer.headers


async def test_a_raised_interval_survives_a_new_process(stage: Stage) -> None:
    asked = await stage.start()
    for _ in range(2):
        await stage.poll(asked)
    assert await _interval(stage) == 10

    settings, first = stage.service.services.settings, stage.client
    again = await Service.start(settings, stage.database, clock=stage.clock)
    app: Any = Gate(again.app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=settings.public_url) as client:
        stage.client = client
        refused(await stage.poll(asked), 400, "authorization_pending")
        stage.clock.advance(9)
        refused(await stage.poll(asked), 400, "slow_down")
    stage.client = first
    assert await _interval(stage) == 15


async def test_asking_for_a_nonce_is_no_poll(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")
    sqlite_stage.clock.advance(5)
    for nonce in (None, "AAAA"):
        answer = await post(sqlite_stage, TOKEN, poll_form(asked), proof=asked.device.proof(TOKEN, nonce=nonce))
        refused(answer, 400, "use_dpop_nonce")
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")
    assert await _interval(sqlite_stage) == 5


async def test_a_bad_or_repeated_proof_is_no_poll(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    proof = asked.device.proof(TOKEN)
    refused(await post(sqlite_stage, TOKEN, poll_form(asked), proof=proof), 400, "authorization_pending")
    sqlite_stage.clock.advance(5)
    for bad in (proof, "x", None):
        refused(await post(sqlite_stage, TOKEN, poll_form(asked), proof=bad), 400, "invalid_dpop_proof")
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")
    assert await _interval(sqlite_stage) == 5


async def test_an_approved_login_answers_even_an_early_poll(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    for _ in range(3):
        await stage.poll(asked)
    await stage.decide(secret, "approve", asked.user_code)
    assert (await stage.poll(asked)).status_code == 200


async def test_a_rejected_login_answers_even_an_early_poll(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    await sqlite_stage.poll(asked)
    await sqlite_stage.decide(await sqlite_stage.secret(), "reject")
    refused(await sqlite_stage.poll(asked), 400, "access_denied")
    refused(await sqlite_stage.poll(asked), 400, "access_denied")


async def test_two_logins_of_one_device_have_each_their_own_pace(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application("other-app")
    first = await sqlite_stage.start()
    second = await sqlite_stage.start("bob@example.com", client_id="other-app")
    refused(await sqlite_stage.poll(first), 400, "authorization_pending")
    refused(await sqlite_stage.poll(second, client_id="other-app"), 400, "authorization_pending")


async def test_paces_are_forgotten_when_the_login_has_ended(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    paces = sqlite_stage.service.services.paces
    await sqlite_stage.poll(asked)
    assert len(paces._paces) == 1
    await sqlite_stage.decide(await sqlite_stage.secret(), "reject")
    await sqlite_stage.poll(asked)
    assert len(paces._paces) == 0


@pytest.mark.parametrize("code", ["x", "A" * 43])
async def test_unknown_codes_leave_nothing_in_memory(sqlite_stage: Stage, code: str) -> None:
    asked = await sqlite_stage.start()
    asked.device_code = code
    refused(await sqlite_stage.poll(asked, wait=25), 400, "invalid_grant")
    assert len(sqlite_stage.service.services.paces._paces) == 0
    assert len(sqlite_stage.service.services.hub) == 0
