# SPDX-License-Identifier: Apache-2.0
"""A new request ends the open login of the same application and key, and never anybody else's [R42]."""

import asyncio

import pytest

from support.http import add_user, execute, refused
from support.stage import Stage


async def test_a_new_request_ends_the_pending_login_of_the_same_key(stage: Stage) -> None:
    first = await stage.start()
    secret = await stage.secret()
    stage.clock.advance(60)
    second = await stage.start(device=first.device)

    refused(await stage.poll(first), 400, "invalid_grant")
    assert (await stage.open(secret)).status_code == 410
    assert (await stage.decide(secret, "approve", first.user_code)).status_code == 410
    refused(await stage.poll(second), 400, "authorization_pending")
    assert await stage.names(first.login_id) == [
        "login.requested",
        "mail.queued",
        "mail.sent",
        "login.superseded",
        "login.illegal_transition",
    ]


async def test_an_approved_login_is_ended_too(stage: Stage) -> None:
    first = await stage.approved()
    stage.clock.advance(60)
    await stage.start("bob@example.com", first.device)
    refused(await stage.poll(first), 400, "invalid_grant")
    assert await stage.count("sessions") == 0


async def test_a_decoy_ends_the_open_login_as_a_real_one_would(stage: Stage) -> None:
    await add_user(stage, "gone@example.com", disabled=True)
    first = await stage.start()
    stage.clock.advance(60)
    await stage.start("gone@example.com", first.device)
    refused(await stage.poll(first), 400, "invalid_grant")


async def test_another_key_another_application_and_another_mailbox_are_left_alone(stage: Stage) -> None:
    await stage.add_application("other-app")
    first = await stage.start()
    same_mailbox = await stage.start()
    stage.clock.advance(60)
    same_key = await stage.start(device=first.device, client_id="other-app")
    other_mailbox = await stage.start("bob@example.com")

    for asked, client_id in (
        (first, "desk-app"),
        (same_mailbox, "desk-app"),
        (same_key, "other-app"),
        (other_mailbox, "desk-app"),
    ):
        refused(await stage.poll(asked, client_id=client_id), 400, "authorization_pending")


async def test_a_finished_login_is_not_touched(stage: Stage) -> None:
    first = await stage.approved()
    assert (await stage.poll(first)).status_code == 200
    stage.clock.advance(60)
    await stage.start(device=first.device)
    assert await stage.rows("SELECT state FROM logins ORDER BY created_at") == [("consumed",), ("pending",)]


async def test_a_login_whose_time_had_passed_expires_instead(stage: Stage) -> None:
    first = await stage.start()
    stage.clock.advance(600)
    await stage.start(device=first.device)
    assert (await stage.names(first.login_id))[-1] == "login.expired"
    refused(await stage.poll(first), 400, "expired_token")


@pytest.mark.parametrize("count", [2, 8])
async def test_requests_of_one_key_at_one_moment_leave_one_login_open(stage: Stage, count: int) -> None:
    device = stage.device()
    await stage.ask(device, "nobody")  # to learn the nonce
    answers = await asyncio.gather(*(stage.ask(device) for _ in range(count)))
    assert sorted(answer.status_code for answer in answers) == [200] + [429] * (count - 1)
    assert await stage.rows("SELECT count(*) FROM logins WHERE state = 'pending'") == [(1,)]


async def test_a_stranger_who_floods_the_mailbox_does_not_end_the_owners_login(stage: Stage) -> None:
    """A13: the flood gets decoys, the owner's link goes on working."""
    owner = await stage.start()
    secret = await stage.secret()
    for _ in range(10):
        await stage.start()
    await execute(stage, "UPDATE logins SET misses = misses")
    assert (await stage.decide(secret, "approve", owner.user_code)).status_code == 200
    assert (await stage.poll(owner)).status_code == 200
