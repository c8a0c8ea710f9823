# SPDX-License-Identifier: Apache-2.0
"""What a used-up budget does to a call, and what does not use one up: `just limits` shows the rest of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from counterfoil_service.core import budget
from counterfoil_service.crypto.argon2 import hash_secret
from support.device import DEVICE_CODE_GRANT
from support.http import nothing_written, only_told, primed, refused
from support.stage import ROOMY, OpenStage, Stage


@pytest.fixture
async def tight(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    budgets = budget.parse(f"{ROOMY},range_refusals=3/60,key_polls=2/60,link_opens=2/60,range_opens=2/60")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        yield stage


async def test_a_token_that_must_be_renewed_is_never_answered_by_a_limit(tight: Stage) -> None:
    asked = await tight.approved()
    token = (await tight.poll(asked)).json()["access_token"]
    tight.clock.advance(400)
    for _ in range(6):
        headers = {"Authorization": f"DPoP {token}", "DPoP": asked.device.proof("/oauth/userinfo", method="GET")}
        answer = await tight.client.get("/oauth/userinfo", headers=headers)
        assert answer.status_code == 401, "an application renews at a 401, and at no 429"


async def test_early_polls_write_until_their_budget_is_used_up_and_nothing_after(tight: Stage) -> None:
    asked = await tight.start()
    assert [(await tight.poll(asked)).status_code for _ in range(3)] == [400] * 3
    async with only_told(tight, "key_polls"):
        refused(await tight.poll(asked), 429, "slow_down")
    async with nothing_written(tight):
        refused(await tight.poll(asked), 429, "slow_down")


async def test_a_link_that_is_opened_too_often_writes_no_more_events_and_still_can_be_decided(tight: Stage) -> None:
    asked, secret = await tight.start(), await tight.secret()
    for method in ("GET", "HEAD"):
        assert (await tight.open(secret, method)).status_code == 200
    async with only_told(tight, "link_opens"):
        page = await tight.open(secret)
    assert page.status_code == 429
    assert page.headers["retry-after"].isdigit()
    assert "html" in page.headers["content-type"]
    async with nothing_written(tight):
        assert (await tight.open(secret, "HEAD")).status_code == 429
    assert (await tight.decide(secret, "approve", asked.user_code)).status_code == 200


async def test_a_dead_link_is_gone_until_there_were_too_many_of_them(tight: Stage) -> None:
    statuses = [(await tight.open("A" * 42 + letter)).status_code for letter in "ABCD"]
    assert statuses == [410, 410, 429, 429]


async def test_asking_for_a_nonce_uses_nothing_up(tight: Stage) -> None:
    for _ in range(6):
        device = tight.device()
        answer = await device._post_once(tight.client, "/oauth/device_authorization", {"client_id": "desk-app"}, None)
        assert answer.json()["error"] == "use_dpop_nonce"
    refused(await tight.ask(primed(tight), scope="admin"), 400, "invalid_scope")


async def test_a_refusal_by_a_budget_uses_up_no_other(tight: Stage) -> None:
    asked = await tight.start()
    for _ in range(6):
        refused(await tight.ask(asked.device), 429, "slow_down")
    refused(await tight.ask(primed(tight), scope="admin"), 400, "invalid_scope")


async def test_an_impatient_device_gets_its_tokens_once_somebody_approved(tight: Stage) -> None:
    asked, secret = await tight.start(), await tight.secret()
    for _ in range(5):
        await tight.poll(asked)
    refused(await tight.poll(asked), 429, "slow_down")
    assert (await tight.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await tight.poll(asked)).status_code == 200


async def test_early_polls_without_a_key_have_an_end_too(tight: Stage) -> None:
    await tight.add_application("no-key", dpop="optional")
    form = {"client_id": "no-key", "login_hint": "ada@example.com"}
    begun = (await tight.client.post("/oauth/device_authorization", data=form)).json()
    poll = {"grant_type": DEVICE_CODE_GRANT, "client_id": "no-key", "device_code": begun["device_code"]}
    answers = [await tight.client.post("/oauth/token", data=poll) for _ in range(6)]
    assert [each.status_code for each in answers] == [400, 400, 400, 429, 429, 429]


async def test_a_known_device_that_goes_on_and_on_meets_the_budget_of_its_network(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    budgets = budget.parse("address_range=3/60,known_device_mails=2/900")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        device = stage.device()
        asked = await stage.approved(device=device)
        assert (await stage.poll(asked)).status_code == 200
        stage.clock.advance(61)
        statuses = []
        for _ in range(8):
            answer = await stage.ask(device)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                form = {"client_id": "desk-app", "token": answer.json()["device_code"]}
                assert (await device.post(stage.client, "/oauth/revoke", form)).status_code == 200
        assert statuses == [200] * 5 + [429] * 3, (
            "two of its own, three of its network's; giving each up is no way around"
        )


async def test_known_devices_use_up_neither_their_network_nor_the_room_for_a_new_one(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    budgets = budget.parse("address_range=3/60,mailbox_live_logins=1/3600")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        known = stage.device()
        assert (await stage.poll(await stage.approved(device=known))).status_code == 200
        stage.clock.advance(3_601)
        answer = await stage.ask(known)
        assert answer.headers["ratelimit"] == '"address_range";r=3;t=60'
        new = await stage.start()
        rows = await stage.rows("SELECT id, decoy, known_device FROM logins WHERE state = 'pending'")
        assert sorted(rows) == sorted([(answer.json()["login_id"], 0, 1), (new.login_id, 0, None)])
        for name in ("b", "c"):
            await stage.start(f"{name}@example.com")
        refused(await stage.ask(primed(stage), "d@example.com"), 429, "slow_down")


async def test_a_secret_that_is_in_use_is_never_kept_waiting_by_guesses_of_others(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, budgets=budget.parse(f"{ROOMY},client_secrets=2/60")) as stage:
        await stage.add_application("back-end", secret_hash=hash_secret("right"))

        async def status(secret: str) -> int:
            auth = ("back-end", secret)
            return (await stage.client.post("/oauth/introspect", data={"token": "x"}, auth=auth)).status_code

        assert await status("right") == 200
        for _ in range(3):
            stage.clock.advance(200)
            assert await status("right") == 200, "each use keeps it known"
        assert [await status(f"guess {number}") for number in range(4)] == [401, 401, 429, 429]
        assert await status("right") == 200
        stage.clock.advance(400)
        guesses = await asyncio.gather(*(status(f"at once {number}") for number in range(6)))
        assert guesses.count(401) == 2, "no more are hashed than the budget allows, however many come at once"


@pytest.mark.parametrize(("said", "decoy"), [("report", 1), ("reject", 0)])
async def test_two_reports_lengthen_the_pause_of_a_mailbox_and_two_rejections_do_not(
    sqlite_stage: Stage, said: str, decoy: int
) -> None:
    for _ in range(2):
        await sqlite_stage.start()
        assert (await sqlite_stage.decide(await sqlite_stage.secret(), said)).status_code == 200
        sqlite_stage.clock.advance(1)
    sqlite_stage.clock.advance(901)
    await sqlite_stage.start()
    sqlite_stage.clock.advance(901)
    last = await sqlite_stage.start()
    rows = await sqlite_stage.rows("SELECT id, decoy FROM logins")
    assert dict(rows)[last.login_id] == decoy


async def test_no_alert_is_raised_for_a_mail_that_a_known_device_asked_for(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(sqlite_url, tmp_path, budgets=budget.parse(f"{ROOMY},mailbox_unanswered=1/86400")) as stage:
        known = stage.device()
        assert (await stage.poll(await stage.approved(device=known))).status_code == 200
        stage.clock.advance(61)
        strangers, own = await stage.start(), await stage.start(device=known)
        await stage.mails()
        assert "mailbox.flooded" in await stage.names(strangers.login_id)
        assert (await stage.names(own.login_id))[-1] == "mail.sent"


@pytest.mark.parametrize("name", ["application", "service"])
async def test_known_devices_use_up_nothing_of_their_application_and_of_the_service(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, name: str
) -> None:
    budgets = budget.parse(f"{ROOMY},device_key=100/60,{name}=2/60")
    async with open_stage(sqlite_url, tmp_path, budgets=budgets) as stage:
        known = stage.device()
        assert (await stage.poll(await stage.approved(device=known))).status_code == 200
        stage.clock.advance(3_601)
        for _ in range(4):
            assert (await stage.ask(known)).status_code == 200
        for stranger in ("bob@example.com", "carol@example.com"):
            await stage.start(stranger)
        refused(await stage.ask(primed(stage), "dave@example.com"), 429, "slow_down")
        assert (await stage.ask(known)).status_code == 200


async def test_the_log_is_not_told_of_a_person_who_presses_the_button_twice(stage: Stage) -> None:
    asked = await stage.start()
    async with nothing_written(stage):
        for _ in range(3):
            refused(await stage.ask(asked.device), 429, "slow_down")


async def test_a_link_that_was_answered_and_then_reported_is_no_answer(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    budgets = budget.parse(f"{ROOMY},mailbox_mails=100/900,mailbox_unanswered=5/86400")
    async with open_stage(database_url, tmp_path, budgets=budgets) as stage:
        for _ in range(2):
            await stage.start()
            stage.clock.advance(901)
        asked = await stage.approved()
        secret = await stage.secret()
        assert (await stage.poll(asked)).status_code == 200
        assert (await stage.decide(secret, "report")).status_code == 200
        stage.clock.advance(901)
        last = await stage.start()
        await stage.mails()
        assert "mailbox.flooded" in await stage.names(last.login_id), "three mails before it, and a report beside"
