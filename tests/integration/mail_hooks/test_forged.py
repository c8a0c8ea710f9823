# SPDX-License-Identifier: Apache-2.0
"""A webhook that nobody can believe changes nothing, whatever it says, and its sender learns no reason [R119, A25]."""

from pathlib import Path

import pytest

from attack.mail_webhooks import duplicate_webhook, forged, forged_webhook, told_service
from counterfoil_service.core.mail_report import PROVIDERS, Provider
from support.http import nothing_written, problem
from support.stage import Stage


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_forgery_changes_anything_or_fills_the_log(provider: Provider) -> None:
    said, good = await forged_webhook(provider)
    assert good, said


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_report_that_comes_again_counts_once(provider: Provider) -> None:
    said, good = await duplicate_webhook(provider)
    assert good, said


async def test_the_answer_is_the_same_for_every_doubt_of_every_provider(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        answers = set()
        for provider in PROVIDERS:
            for webhook, status in (await forged(told, provider)).values():
                if status == 401:
                    answer = await told.send(provider, webhook)
                    body = problem(answer, 401, "invalid_client")
                    headers = tuple((name, value) for name, value in answer.headers.multi_items())
                    answers.add((body["detail"], body["title"], headers))
        assert len(answers) == 1


async def test_no_certificate_is_asked_for_where_it_may_not_come_from(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        for name, (webhook, _) in (await forged(told, "ses")).items():
            if "certificate" in name or "topic" in name or "time" in name:
                visits = len(told.host.visited)
                await told.send("ses", webhook)
                assert len(told.host.visited) == visits or name == "topic put in", name


@pytest.mark.parametrize("provider", ["sendgrid", "Resend", "resend%20", "..", "%2e%2e", "ses"])
async def test_a_provider_that_is_not_set_is_not_there(sqlite_stage: Stage, provider: str) -> None:
    async with nothing_written(sqlite_stage):
        answer = await sqlite_stage.client.post(f"/hooks/mail/{provider}", content=b"{}")
        problem(answer, 404, "not_found")


async def test_a_body_that_is_too_large_is_not_even_verified(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        headers, body = told.genuine("resend", "bounced")
        before = await told.kept()
        problem(await told.send("resend", (headers, body + b" " * 65_536)), 413, "request_too_large")
        problem(await told.send("resend", (headers, body.ljust(65_536))), 401, "invalid_client")
        assert await told.kept() == before


async def test_refusals_are_told_once_a_minute_with_their_number_and_first_doubt(tmp_path: Path) -> None:
    async with told_service(tmp_path) as told:
        for _ in range(40):
            await told.send("resend", ({}, b""))
            await told.send("postmark", ({"authorization": "Basic QTpC"}, b""))
        told.stage.clock.advance(59)
        await told.send("resend", ({}, b""))
        told.stage.clock.advance(1)
        headers, body = told.genuine("resend", "bounced")
        await told.send("resend", (headers, body + b" "))
        sql = "SELECT reason, fields FROM audit_events WHERE name = 'webhook.refused' ORDER BY position"
        assert await told.stage.rows(sql) == [
            ("not_signed", '{"provider":"resend","refused":1}'),
            ("credentials", '{"provider":"postmark","refused":1}'),
            ("signature", '{"provider":"resend","refused":41}'),
        ]
