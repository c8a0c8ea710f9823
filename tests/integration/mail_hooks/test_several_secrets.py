# SPDX-License-Identifier: Apache-2.0
"""Several secrets of one provider, as of two accounts or while a key is changed: whichever fits proves a report."""

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from counterfoil_service.core.mail_report import PROVIDERS, Provider
from counterfoil_service.http_post import Answer
from counterfoil_service.web.mail_hooks.any_of import AnyOf
from counterfoil_service.web.mail_hooks.ses import Ses
from counterfoil_service.web.mail_hooks.sns import Topic
from support.http import problem
from support.mail_reports import Secrets, signed, subscription, whsec
from support.stage import Stage, stage_on

OLD = Secrets()
NEW = dataclasses.replace(
    OLD,
    resend=whsec("resend's second"),
    hook=whsec("the operator's second"),
    mailgun="key-of-a-second-account",
    postmark="reports:battery-staple-horse",
    ses=OLD.ses.replace("counterfoil-mail", "second-topic"),
)
STRANGER = dataclasses.replace(
    OLD,
    resend=whsec("a stranger's"),
    hook=whsec("a stranger's"),
    mailgun="key-of-a-stranger-of-ours",
    postmark="reports:horse-staple-battery",
    ses=OLD.ses.replace("counterfoil-mail", "of-a-stranger"),
)


@pytest.fixture
async def told(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage that knows every provider by two secrets."""
    both = OLD.webhooks + NEW.webhooks
    async with stage_on(sqlite_url, tmp_path, mail_webhooks=both) as stage:

        async def fetch(_url: str) -> Answer:
            return Answer(200, {}, OLD.signer.certificate)

        topics = [Ses(Topic(secrets.ses, secrets.authority, fetch)) for secrets in (OLD, NEW)]
        stage.service.services.mail_hooks.schemes["ses"] = AnyOf(topics)
        yield stage


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_whichever_secret_fits_proves_a_report_and_no_other_does(told: Stage, provider: Provider) -> None:
    asked = await told.start()
    await told.mails()
    ((mail_id,),) = await told.rows("SELECT id FROM outbox")
    for number, secrets in enumerate((OLD, NEW, STRANGER)):
        headers, body = signed(
            provider, "deferred", mail_id, event_id=f"evt-{number}", now=told.clock(), secrets=secrets
        )
        answer = await told.client.post(f"/hooks/mail/{provider}", headers=headers, content=body)
        if secrets is STRANGER:
            problem(answer, 401, "invalid_client")
        else:
            assert answer.status_code == 200
    assert (await told.names(asked.login_id)).count("mail.deferred") == 2


async def test_of_several_topics_the_one_that_a_message_names_says_why_it_is_refused(told: Stage) -> None:
    for first, secrets in ((True, OLD), (False, NEW)):
        headers, body = subscription(secrets, told.clock())
        altered = json.dumps(json.loads(body) | {"Token": "1"}).encode()
        problem(await told.client.post("/hooks/mail/ses", headers=headers, content=altered), 401, "invalid_client")
        told.clock.advance(61)
        refused = await told.rows("SELECT reason FROM audit_events WHERE name = 'webhook.refused'")
        assert refused == [("signature",)] * (1 if first else 2)
