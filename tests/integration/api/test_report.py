# SPDX-License-Identifier: Apache-2.0
"""`action=report`: this was not me. Whatever the link gave is taken back, and an alert says so [R36]."""

import asyncio

import pytest

from support.http import TOKEN, execute, is_page, nothing_written, put_into, refused
from support.stage import Stage
from support.way_home import APP, traveller

DAY = 86_400


async def test_reporting_ends_a_pending_login(stage: Stage) -> None:
    asked = await stage.start(device_label="Laptop")
    secret = await stage.secret()
    text = is_page(await stage.decide(secret, "report"), 200)
    assert "Sign-in reported" in text
    assert "Laptop" in text
    assert secret not in text
    assert refused(await stage.poll(asked), 400, "access_denied")["reason"] == "denied"
    events = [stored.event for stored in await stage.events(asked.login_id)][-2:]
    assert [(event.name.value, event.reason) for event in events] == [
        ("login.denied", "reported"),
        ("login.reported", "reported"),
    ]
    assert events[1].outcome == "failure", "an alert"


async def test_reporting_takes_an_approval_back(stage: Stage) -> None:
    asked = await stage.approved()
    is_page(await stage.decide(await stage.secret(), "report"), 200)
    refused(await stage.poll(asked), 400, "access_denied")
    assert await stage.count("sessions") == 0


async def test_a_rejected_login_may_still_be_reported_by_the_page_that_says_so(stage: Stage) -> None:
    await stage.start()
    secret = await stage.secret()
    page = is_page(await stage.decide(secret, "reject"), 200)
    assert f'name="secret" value="{secret}"' in page
    assert 'value="report"' in page
    is_page(await stage.decide(secret, "report"), 200)


async def test_reporting_after_collection_ends_the_session_and_its_tokens(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    tokens = (await stage.poll(asked)).json()
    stage.clock.advance(1)
    other = await stage.approved("bob@example.com")
    await stage.poll(other)
    stage.clock.advance(DAY - 2)
    is_page(await stage.decide(secret, "report"), 200)
    assert await stage.rows("SELECT id FROM sessions WHERE ended_at IS NOT NULL") == [(tokens["session_id"],)]
    form = {"grant_type": "refresh_token", "client_id": "desk-app", "refresh_token": tokens["refresh_token"]}
    refused(await asked.device.post(stage.client, TOKEN, form), 400, "invalid_grant")
    refused(await stage.poll(asked), 400, "invalid_grant")
    events = [stored.event for stored in await stage.events(asked.login_id)][-2:]
    assert [(event.name.value, event.reason) for event in events] == [
        ("login.reported", "reported"),
        ("session.ended", "reported"),
    ]
    assert await stage.rows("SELECT count(*) FROM logins WHERE state = 'consumed'") == [(2,)]


async def test_after_a_day_the_link_is_dead_for_a_report_too(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    await stage.poll(asked)
    stage.clock.advance(DAY)
    answer = await stage.decide(secret, "report")
    assert (answer.status_code, answer.content) == (410, (await stage.open("A" * 43)).content)
    assert await stage.rows("SELECT count(ended_at) FROM sessions") == [(0,)]
    assert (await stage.names(asked.login_id))[-1] == "login.illegal_transition"


@pytest.mark.parametrize("state", ["locked", "cancelled", "expired"])
async def test_what_gave_nothing_to_anybody_cannot_be_reported(stage: Stage, state: str) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    await put_into(stage, asked, state)
    answer = await stage.decide(secret, "report")
    assert (answer.status_code, answer.content) == (410, (await stage.open("A" * 43)).content)
    assert await stage.rows("SELECT state FROM logins") == [(state,)]


async def test_a_report_of_an_expired_login_comes_too_late(stage: Stage) -> None:
    await stage.start()
    secret = await stage.secret()
    stage.clock.advance(600)
    is_page(await stage.decide(secret, "report"), 410)


async def test_a_secret_nobody_issued_reports_nothing(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    async with nothing_written(sqlite_stage):
        for secret in ("A" * 43, "", "x", "A" * 42 + "B"):
            is_page(await sqlite_stage.decide(secret, "report"), 410)


async def test_a_report_kills_the_codes_that_are_on_their_way(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    is_page(await home.press("report"), 200)
    assert await stage.count("authorization_codes") == 0
    refused(await home.redeem(code), 400, "invalid_grant")
    refused(await home.poll(), 400, "access_denied")


async def test_a_report_after_the_redemption_ends_its_session_and_keeps_the_trace_of_the_code(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    await home.redeem(code)
    is_page(await home.press("report"), 200)
    assert await stage.rows("SELECT count(*), count(ended_at) FROM sessions") == [(1, 1)]
    refused(await home.redeem(code), 400, "invalid_grant")
    assert (await stage.names(home.asked.login_id))[-1] == "session.ended"


async def test_a_report_and_a_redemption_at_once_leave_no_living_session(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    refused(await home.poll(), 400, "authorization_pending")
    _, reported = await asyncio.gather(home.redeem(code), home.press("report"))
    is_page(reported, 200)
    assert await stage.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]


@pytest.mark.parametrize("collected", [False, True])
async def test_reported_again_is_answered_alike_and_writes_nothing_more(
    stage: Stage,
    collected: bool,  # noqa: FBT001 - a parameter
) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    if collected:
        assert (await stage.poll(asked)).status_code == 200
    first = await stage.decide(secret, "report")
    is_page(first, 200)
    async with nothing_written(stage):
        for _ in range(3):
            assert (await stage.decide(secret, "report")).content == first.content
    assert (await stage.names(asked.login_id)).count("login.reported") == 1


async def test_of_reports_at_one_moment_one_is_written(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    assert (await stage.poll(asked)).status_code == 200
    for page in await asyncio.gather(*(stage.decide(secret, "report") for _ in range(8))):
        is_page(page, 200)
    assert (await stage.names(asked.login_id)).count("login.reported") == 1


async def test_a_device_that_came_back_since_is_not_forgotten_by_the_same_report(stage: Stage) -> None:
    asked = await stage.approved()
    secret = await stage.secret()
    assert (await stage.poll(asked)).status_code == 200
    is_page(await stage.decide(secret, "report"), 200)
    stage.clock.advance(61)
    again = await stage.approved(device=asked.device)
    assert (await stage.poll(again)).status_code == 200
    is_page(await stage.decide(secret, "report"), 200)
    assert await stage.count("devices") == 1


async def test_an_application_that_is_gone_does_not_keep_a_person_from_reporting(stage: Stage) -> None:
    home = await traveller(stage)
    await home.press("reject")
    await execute(stage, "DELETE FROM applications")
    assert APP in is_page(await home.press("report"), 200)
