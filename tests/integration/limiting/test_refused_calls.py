# SPDX-License-Identifier: Apache-2.0
"""Which refusals count for the caller's network, below /oauth/ and /me/: those of a caller who does something wrong."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core import budget
from support.http import ASK, TOKEN, ask_form, nothing_written, only_told, poll_form, post, primed, problem, refused
from support.stage import ROOMY, OpenStage, Stage
from support.tokens import DEVICES, SESSIONS, SignedIn, call, present, sign_in

Wrong = Callable[[Stage], Awaitable[httpx2.Response]]
ALLOWED = 3


@pytest.fixture
async def tight(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    budgets = budget.parse(f"{ROOMY},range_refusals={ALLOWED}/60")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        yield stage


async def _for_the_wrong_application(stage: Stage) -> httpx2.Response:
    asked = await stage.start("bob@example.com")
    form = {"client_id": "desk-app", "device_code": asked.device_code, "mail_code": "12345678"}
    return await asked.device.post(stage.client, "/oauth/mail_code", form)


WRONG: dict[str, Wrong] = {
    "invalid_request": lambda stage: stage.ask(primed(stage), "no address"),
    "invalid_client": lambda stage: stage.ask(primed(stage), client_id="nobody"),
    "invalid_grant": lambda stage: present(stage, "made up", primed(stage)),
    "invalid_dpop_proof": lambda stage: post(stage, ASK, ask_form(), proof="no proof"),
    "invalid_scope": lambda stage: stage.ask(primed(stage), scope="admin"),
    "unauthorized_client": _for_the_wrong_application,
    "unsupported_grant_type": lambda stage: primed(stage).post(stage.client, TOKEN, {"grant_type": "password"}),
}


@pytest.mark.parametrize("error", WRONG)
async def test_what_is_wrong_counts_and_once_there_was_too_much_of_it_all_of_it_is_429(
    tight: Stage, error: str
) -> None:
    answers = [await WRONG[error](tight) for _ in range(ALLOWED)]
    assert [each.json()["error"] for each in answers] == [error] * ALLOWED
    refused(await WRONG[error](tight), 429, "slow_down")
    for other in WRONG.values():
        refused(await other(tight), 429, "slow_down")
    await tight.start("carol@example.com")


async def test_a_poll_that_is_answered_by_how_its_login_stands_counts_for_nothing(tight: Stage) -> None:
    asked = await tight.start()
    for _ in range(2 * ALLOWED):
        tight.clock.advance(6)
        refused(await tight.poll(asked), 400, "authorization_pending")
    assert (await tight.decide(await tight.secret(), "reject")).status_code == 200
    for _ in range(2 * ALLOWED):
        tight.clock.advance(6)
        refused(await tight.poll(asked), 400, "access_denied")
    refused(await post(tight, TOKEN, poll_form(asked), proof="no proof"), 400, "invalid_dpop_proof")


OWN = {
    "list sessions": (SESSIONS, "GET"),
    "end a session": (f"{SESSIONS}/01M7Q5CQG0WNXHWYHCPYPVE9QH", "DELETE"),
    "list devices": (DEVICES, "GET"),
    "change a device": (f"{DEVICES}/01M7Q5CQG0WNXHWYHCPYPVE9QH", "POST"),
}


async def _by_a_proof_for_elsewhere(stage: Stage, signed: SignedIn, way: str) -> httpx2.Response:
    path, method = OWN[way]
    return await call(stage, signed, path, method, htu="https://elsewhere.example/", data={"action": "forget"})


@pytest.mark.parametrize("way", OWN)
async def test_calls_below_me_count_as_those_below_oauth(tight: Stage, way: str) -> None:
    signed = await sign_in(tight)
    async with nothing_written(tight):
        for _ in range(ALLOWED):
            answer = await _by_a_proof_for_elsewhere(tight, signed, way)
            problem(answer, 401, "invalid_dpop_proof")
    async with only_told(tight, "range_refusals"):
        answer = await _by_a_proof_for_elsewhere(tight, signed, way)
    problem(answer, 429, "slow_down")
    assert answer.headers["retry-after"].isdigit()
    assert answer.headers["ratelimit"].startswith('"range_refusals";r=0;')
    async with nothing_written(tight):
        problem(await _by_a_proof_for_elsewhere(tight, signed, way), 429, "slow_down")
        refused(await present(tight, "made up", primed(tight)), 429, "slow_down")
        assert (await call(tight, signed, SESSIONS)).status_code == 200, "a right one is answered"


async def test_an_action_that_there_is_not_counts_too(tight: Stage) -> None:
    signed = await sign_in(tight)
    path = OWN["change a device"][0]
    answers = [await call(tight, signed, path, "POST", data={"action": "paint"}) for _ in range(ALLOWED + 1)]
    assert [each.status_code for each in answers] == [400] * ALLOWED + [429]


async def test_a_token_that_must_be_renewed_counts_for_nothing_below_me_either(tight: Stage) -> None:
    signed = await sign_in(tight)
    tight.clock.advance(400)
    for _ in range(2 * ALLOWED):
        problem(await call(tight, signed, SESSIONS), 401, "invalid_token")
