# SPDX-License-Identifier: Apache-2.0
"""What a provider tells of a mail joins the story of its login, counts once, and is nobody's business who polls."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core.mail_report import PROVIDERS, Provider
from support.mail_reports import Secrets, known, signed
from support.stage import Stage, stage_on

SECRETS = Secrets()
ADA = "ada@example.com"


@pytest.fixture
async def told(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage that every provider may tell of mails."""
    async with stage_on(database_url, tmp_path, mail_webhooks=SECRETS.webhooks) as stage:
        known(stage, SECRETS)
        yield stage


async def mail_of(stage: Stage, login_id: str) -> str:
    """The id of the mail with a login's link."""
    ((mail_id,),) = await stage.rows(f"SELECT id FROM outbox WHERE login_id = '{login_id}' AND kind <> 'notice'")  # noqa: S608 - ours
    return str(mail_id)


async def tell(stage: Stage, provider: Provider, kind: str, mail_id: str, event_id: str = "evt-1") -> httpx2.Response:
    """A genuine report."""
    headers, body = signed(provider, kind, mail_id, event_id=event_id, now=stage.clock(), secrets=SECRETS)
    return await stage.client.post(f"/hooks/mail/{provider}", headers=headers, content=body)


async def state_of(stage: Stage, mail_id: str) -> str | None:
    """What is kept beside the mail."""
    ((delivery,),) = await stage.rows(f"SELECT delivery FROM outbox WHERE id = '{mail_id}'")  # noqa: S608 - ours
    return None if delivery is None else str(delivery)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_state_joins_the_story_and_stands_beside_the_mail(told: Stage, provider: Provider) -> None:
    asked = await told.start()
    await told.mails()
    mail_id = await mail_of(told, asked.login_id)
    before = await told.rows("SELECT state FROM logins")
    for kind in ("deferred", "delivered", "failed", "suppressed", "bounced", "complained"):
        answer = await tell(told, provider, kind, mail_id, f"evt-{kind}")
        assert (answer.status_code, answer.content) == (200, b""), answer.text
        assert await state_of(told, mail_id) == kind
        events = [each.event for each in await told.events(asked.login_id)]
        (event,) = [each for each in events if each.name == f"mail.{kind}"]
        assert (event.fields["provider"], event.application_id) == (provider, "desk-app")
        assert event.outcome == ("success" if kind == "delivered" else "failure")
    assert await told.rows("SELECT state FROM logins") == before == [("pending",)]
    assert (await told.names(asked.login_id)).count("suppression.added") == 1
    assert await told.rows("SELECT address, reason, provider, mail_id FROM suppressions") == [
        (ADA, "complained", provider, mail_id)
    ]
