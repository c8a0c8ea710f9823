# SPDX-License-Identifier: Apache-2.0
"""No caller writes to the audit log without an end: an alert is charged for before it is written, or not written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core import budget
from support.http import REVOKE, fingerprint, nothing_written, only_told, primed, refused
from support.stage import ROOMY, OpenStage, Stage
from support.tokens import present, renew, sign_in
from support.way_home import traveller

Call = Callable[[], Awaitable[httpx2.Response]]
ALLOWED = 3


@pytest.fixture
async def tight(database_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    budgets = budget.parse(f"{ROOMY},range_refusals={ALLOWED}/60,range_tries={ALLOWED}/60")
    async with open_stage(database_url, tmp_path, budgets=budgets) as stage:
        yield stage


async def _code_in_other_hands(stage: Stage) -> Call:
    asked = await stage.approved()
    form = {"client_id": "desk-app", "token": asked.device_code}
    return lambda: primed(stage).post(stage.client, REVOKE, form)


async def _token_in_other_hands(stage: Stage) -> Call:
    form = {"client_id": "desk-app", "token": (await sign_in(stage)).refresh}
    return lambda: primed(stage).post(stage.client, REVOKE, form)


async def _cancelled_again_and_again(stage: Stage) -> Call:
    asked = await stage.start()
    form = {"client_id": "desk-app", "token": asked.device_code}
    assert (await asked.device.post(stage.client, REVOKE, form)).status_code == 200
    return lambda: asked.device.post(stage.client, REVOKE, form)


async def _refreshed_by_another_key(stage: Stage) -> Call:
    signed = await sign_in(stage)
    return lambda: present(stage, signed.refresh, primed(stage))


async def _polled_by_another_key(stage: Stage) -> Call:
    asked = await stage.approved()
    return lambda: stage.poll(asked, primed(stage))


async def _polled_from_another_machine(stage: Stage) -> Call:
    asked = await stage.approved(device_fingerprint=fingerprint())
    return lambda: stage.poll(asked, device_fingerprint=fingerprint("B" * 43))


async def _redeemed_by_another_key(stage: Stage) -> Call:
    home = await traveller(stage)
    code = await home.code()
    return lambda: home.redeem(code, device=primed(stage))


ALERTS = {
    "a device code revoked by another key": (_code_in_other_hands, 200, "login.key_mismatch"),
    "a token revoked by another key": (_token_in_other_hands, 200, "session.key_mismatch"),
    "a login cancelled when it has ended": (_cancelled_again_and_again, 200, "login.illegal_transition"),
    "a refresh by another key": (_refreshed_by_another_key, 400, "session.key_mismatch"),
    "a poll by another key": (_polled_by_another_key, 400, "login.key_mismatch"),
    "a poll from another machine": (_polled_from_another_machine, 400, "login.fingerprint_mismatch"),
    "a redemption by another key": (_redeemed_by_another_key, 400, "login.key_mismatch"),
}


async def _written(stage: Stage, name: str) -> int:
    rows = await stage.rows("SELECT name FROM audit_events")
    return sum(row == (name,) for row in rows)


@pytest.mark.parametrize("alert", ALERTS)
async def test_an_alert_is_written_as_often_as_the_budget_allows_and_then_nothing_is(tight: Stage, alert: str) -> None:
    prepare, status, name = ALERTS[alert]
    call = await prepare(tight)
    assert [(await call()).status_code for _ in range(ALLOWED)] == [status] * ALLOWED, "each counts once"
    assert await _written(tight, name) == ALLOWED
    async with only_told(tight, "range_refusals"):
        refused(await call(), 429, "slow_down")
    async with nothing_written(tight):
        for _ in range(3):
            refused(await call(), 429, "slow_down")
    tight.clock.advance(120)
    assert (await call()).status_code == status
    assert await _written(tight, name) == ALLOWED + 1


@pytest.mark.parametrize("alert", ALERTS)
async def test_calls_at_one_moment_write_no_more_alerts_than_the_budget_allows(tight: Stage, alert: str) -> None:
    prepare, status, name = ALERTS[alert]
    call = await prepare(tight)
    answers = await asyncio.gather(*(call() for _ in range(12)))
    assert sorted(each.status_code for each in answers) == [status] * ALLOWED + [429] * 9
    assert await _written(tight, name) == ALLOWED


async def test_beside_a_thief_who_used_the_budget_up_the_owner_refreshes_and_signs_out(tight: Stage) -> None:
    signed = await sign_in(tight)
    for _ in range(ALLOWED + 2):
        last = await present(tight, signed.refresh, primed(tight))
    refused(last, 429, "slow_down")
    await renew(tight, signed)
    form = {"client_id": "desk-app", "token": signed.refresh}
    assert (await signed.device.post(tight.client, REVOKE, form)).status_code == 200
    assert await tight.rows("SELECT count(ended_at) FROM sessions") == [(1,)]


async def test_refused_calls_and_alerts_share_one_budget(tight: Stage) -> None:
    signed = await sign_in(tight)
    for _ in range(ALLOWED):
        refused(await present(tight, "made up", primed(tight)), 400, "invalid_grant")
    async with only_told(tight, "range_refusals"):
        refused(await present(tight, signed.refresh, primed(tight)), 429, "slow_down")


@pytest.mark.parametrize("action", ["report", "approve", "reject", "here"])
async def test_decisions_about_a_login_that_has_ended_leave_as_many_traces_as_the_budget_allows(
    tight: Stage, action: str
) -> None:
    await tight.start()
    secret = await tight.secret()
    tight.clock.advance(600)
    statuses = [(await tight.decide(secret, action)).status_code for _ in range(ALLOWED)]
    assert statuses == [410] * ALLOWED
    assert await _written(tight, "login.illegal_transition") == ALLOWED
    async with only_told(tight, "range_tries"):
        assert (await tight.decide(secret, action)).status_code == 429
    async with nothing_written(tight):
        assert (await tight.decide(secret, action)).status_code == 429
