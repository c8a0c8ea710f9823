# SPDX-License-Identifier: Apache-2.0
"""Nobody learns by an answer whether an address is known, welcome, disabled or flooded, nor takes one over [R92]."""

from pathlib import Path

import httpx2
import pytest

from counterfoil_service.crypto.keys import digest
from support import acting
from support.http import add_user, execute, refused
from support.stage import Asked, OpenStage, Stage

KNOWN, UNKNOWN, DISABLED, FLOODED, BOUNCED = (
    f"{name}@example.com" for name in ("known", "stran", "disab", "flood", "bounc")
)


async def _flood(stage: Stage) -> None:
    for _ in range(3):
        await stage.start(FLOODED)
    await stage.mails()
    stage.clock.advance(1)


async def _asked(stage: Stage, response: httpx2.Response) -> Asked:
    answer = response.json()
    return Asked(stage.device(), answer["device_code"], answer["user_code"], answer["login_id"])


async def test_the_answer_to_every_kind_of_address_is_the_same(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage:
        await add_user(stage, KNOWN)
        await add_user(stage, FLOODED)
        await add_user(stage, DISABLED, disabled=True)
        await add_user(stage, BOUNCED)
        await acting.suppress(stage, BOUNCED)
        await _flood(stage)
        await stage.mails()
        answers, left = {}, list[str]()
        for address in (KNOWN, UNKNOWN, DISABLED, FLOODED, BOUNCED):
            response = await stage.ask(stage.device(), address)
            shape = [(name, type(value), len(str(value))) for name, value in response.json().items()]
            headers = response.headers
            left.append(headers.pop("ratelimit"))
            answers[address] = (response.status_code, headers.multi_items(), shape, len(response.content))
        assert left == [f'"address_range";r={99_996 - number};t=59' for number in range(5)]
        assert answers[UNKNOWN] == answers[DISABLED] == answers[FLOODED] == answers[BOUNCED] == answers[KNOWN]
        assert answers[KNOWN][0] == 200

        mails = await stage.mails()
        assert [mail["To"] for mail in mails[3:]] == [KNOWN]


async def test_the_refusals_of_known_and_unknown_addresses_are_the_same(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        await add_user(stage, KNOWN)
        device = stage.device()
        await stage.start(KNOWN, device)
        answers = [await stage.ask(device, address) for address in (KNOWN, UNKNOWN)]
        bodies = [{**refused(answer, 429, "slow_down"), "instance": ""} for answer in answers]
        assert bodies[0] == bodies[1]
        assert answers[0].headers == answers[1].headers


@pytest.mark.parametrize("address", [UNKNOWN, DISABLED, BOUNCED])
async def test_a_decoy_polls_like_any_other_login_until_it_expires(
    address: str, database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage:
        await add_user(stage, DISABLED, disabled=True)
        await add_user(stage, KNOWN)
        await add_user(stage, BOUNCED)
        await acting.suppress(stage, BOUNCED)
        decoy, real = await stage.start(address), await stage.start(KNOWN)
        assert len(await stage.mails()) == 1
        for elapsed, code in (
            (0, "authorization_pending"),
            (1, "slow_down"),
            (9, "slow_down"),
            (15, "authorization_pending"),
            (574, "authorization_pending"),
            (1, "expired_token"),
            (599, "expired_token"),
            (1, "invalid_grant"),
        ):
            stage.clock.advance(elapsed)
            first, second = await stage.poll(decoy), await stage.poll(real)
            told = [{**refused(answer, 400, code), "instance": ""} for answer in (first, second)]
            assert told[0] == told[1]
            assert first.headers == second.headers
            if elapsed == 574:
                await stage.sweep()


async def test_a_decoy_leaves_its_reason_in_the_audit_log_alone(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        decoy = await stage.start(UNKNOWN)
        assert await stage.names(decoy.login_id) == ["login.requested", "mail.suppressed"]
        assert await stage.count("outbox") == 1
        await stage.mails()
        assert await stage.count("outbox") == 0
        assert await stage.names(decoy.login_id) == ["login.requested", "mail.suppressed"]


async def test_even_a_stolen_secret_does_not_approve_a_decoy(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        decoy = await stage.start(UNKNOWN)
        secret = "A" * 43
        await execute(stage, f"UPDATE logins SET link_hash = x'{digest(secret).hex()}'")  # noqa: S608 - hex
        assert (await stage.decide(secret, "approve", decoy.user_code)).status_code == 410
        refused(await stage.poll(decoy), 400, "authorization_pending")


async def test_a_flooded_mailbox_gets_mail_again_when_the_window_has_passed(sqlite_stage: Stage) -> None:
    await _flood(sqlite_stage)
    await sqlite_stage.start(FLOODED)
    assert len(await sqlite_stage.mails()) == 3
    sqlite_stage.clock.advance(900)
    await sqlite_stage.start(FLOODED)
    assert len(await sqlite_stage.mails()) == 4


async def test_decoys_do_not_lengthen_a_flood(sqlite_stage: Stage) -> None:
    await _flood(sqlite_stage)
    for _ in range(5):
        sqlite_stage.clock.advance(60)
        await sqlite_stage.start(FLOODED)
    sqlite_stage.clock.advance(599)
    await sqlite_stage.start(FLOODED)
    assert len(await sqlite_stage.mails()) == 4


@pytest.mark.parametrize("typed", ["ADA@example.com", "ada@EXAMPLE.com", "aDa@example.com"])
async def test_the_mail_to_a_known_user_goes_where_that_user_was_verified(sqlite_stage: Stage, typed: str) -> None:
    await sqlite_stage.poll(await sqlite_stage.approved("Ada@example.com"))
    sqlite_stage.clock.advance(1)
    await sqlite_stage.start(typed)
    assert [mail["To"] for mail in await sqlite_stage.mails()] == ["Ada@example.com"] * 3
    assert "A••@example.com" in (await sqlite_stage.open(await sqlite_stage.secret())).text


async def test_two_mailboxes_that_fold_into_one_name_never_share_a_user(stage: Stage) -> None:
    """The attacker's mail left before the user existed: proving that mailbox proves nothing about the victim's."""
    owner, attacker = "strasse@example.com", "straße@example.com"
    theirs = await stage.start(attacker)
    stolen = await stage.secret()
    stage.clock.advance(1)
    ours = await stage.approved(owner)
    subject = (await stage.poll(ours)).json()["sub"]

    assert (await stage.decide(stolen, "approve", theirs.user_code)).status_code == 200
    assert refused(await stage.poll(theirs), 400, "access_denied")["reason"] == "denied"
    assert await stage.rows("SELECT user_id FROM sessions") == [(subject,)]
    assert await stage.rows("SELECT address FROM users") == [(owner,)]
    assert (await stage.names(theirs.login_id))[-1] == "login.denied"


async def test_a_login_of_an_invited_user_does_not_move_the_users_address(sqlite_stage: Stage) -> None:
    await add_user(sqlite_stage, "strasse@example.com")
    await execute(sqlite_stage, "UPDATE users SET verified_at = NULL")
    asked = await sqlite_stage.approved("straße@example.com")
    assert (await sqlite_stage.mails())[0]["To"] == "strasse@example.com"
    assert (await sqlite_stage.poll(asked)).status_code == 200
    assert await sqlite_stage.rows("SELECT address FROM users") == [("strasse@example.com",)]


async def test_a_user_disabled_after_the_approval_gets_no_tokens(stage: Stage) -> None:
    first = await stage.approved()
    await stage.poll(first)
    stage.clock.advance(1)
    second = await stage.approved()
    await execute(stage, "UPDATE users SET disabled_at = 1")
    assert refused(await stage.poll(second), 400, "access_denied")["reason"] == "denied"
    refused(await stage.poll(second), 400, "access_denied")
    assert await stage.count("sessions") == 1
