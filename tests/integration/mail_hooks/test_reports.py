# SPDX-License-Identifier: Apache-2.0
"""What a provider tells of a mail joins the story of its login, counts once, and is nobody's business who polls."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from counterfoil_service.core.identifiers import ulid
from counterfoil_service.core.mail_report import PROVIDERS, WEIGHTS, Provider
from counterfoil_service.mail.transports import PerhapsTaken, TryLater
from counterfoil_service.mail.transports.chain import Chain
from support.http import content, nothing_written
from support.mail_reports import Secrets, known, mailgun_signature, signed
from support.stage import Stage, stage_on

SECRETS = Secrets()
ADA = "ada@example.com"
DAY = 86_400


@pytest.fixture
async def told(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage that every provider may tell of mails."""
    async with stage_on(database_url, tmp_path, mail_webhooks=SECRETS.webhooks) as stage:
        known(stage, SECRETS)
        yield stage


@pytest.fixture
async def sqlite_told(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """The same on SQLite alone."""
    async with stage_on(sqlite_url, tmp_path, mail_webhooks=SECRETS.webhooks) as stage:
        known(stage, SECRETS)
        yield stage


async def mail_of(stage: Stage, login_id: str, kind: str = "link") -> str:
    """The id of a login's mail."""
    rows = await stage.rows(f"SELECT id FROM outbox WHERE login_id = '{login_id}' AND kind = '{kind}'")  # noqa: S608 - ours
    return str(rows[0][0])


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
    before = await told.rows("SELECT * FROM logins")
    for kind in WEIGHTS:
        answer = await tell(told, provider, kind, mail_id, f"evt-{kind}")
        assert (answer.status_code, answer.content) == (200, b""), answer.text
        assert await state_of(told, mail_id) == kind
        events = [each.event for each in await told.events(asked.login_id)]
        (event,) = [each for each in events if each.name == f"mail.{kind}"]
        assert (event.fields["provider"], event.application_id) == (provider, "desk-app")
        assert event.outcome == ("success" if kind == "delivered" else "failure")
    assert await told.rows("SELECT * FROM logins") == before, "no state of a mail moves a login"
    assert (await told.names(asked.login_id)).count("suppression.added") == 1
    assert await told.rows("SELECT address, reason, provider, mail_id FROM suppressions") == [
        (ADA, "complained", provider, mail_id)
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_of_no_use_is_taken_and_changes_nothing(sqlite_told: Stage, provider: Provider) -> None:
    asked = await sqlite_told.start()
    await sqlite_told.mails()
    mail_id = await mail_of(sqlite_told, asked.login_id)
    foreign = ulid(sqlite_told.clock(), lambda count: b"\7" * count)
    before = {**await content(sqlite_told), "mail_reports": []}
    for number, (kind, told_of) in enumerate([("opened", mail_id), ("bounced", "order-4711"), ("bounced", foreign)]):
        answer = await tell(sqlite_told, provider, kind, told_of, f"evt-{number}")
        assert (answer.status_code, answer.content) == (200, b"")
    assert {**await content(sqlite_told), "mail_reports": []} == before


async def test_a_decoys_mail_is_none_that_anybody_tells_of(sqlite_told: Stage) -> None:
    for _ in range(4):
        asked = await sqlite_told.start()
    mail_id = await mail_of(sqlite_told, asked.login_id, "decoy")
    names = await sqlite_told.names(asked.login_id)
    assert (await tell(sqlite_told, "hook", "bounced", mail_id)).status_code == 200
    assert await sqlite_told.names(asked.login_id) == names
    assert (await sqlite_told.count("suppressions"), await state_of(sqlite_told, mail_id)) == (0, None)


async def test_a_report_may_come_before_our_own_word_that_the_mail_was_sent(told: Stage) -> None:
    asked = await told.start()
    mail_id = await mail_of(told, asked.login_id)
    await tell(told, "hook", "delivered", mail_id)
    await told.mails()
    assert await told.rows("SELECT state, delivery FROM outbox") == [("sent", "delivered")]
    assert await told.names(asked.login_id) == ["login.requested", "mail.queued", "mail.delivered", "mail.sent"]


class Silent:
    """A provider that takes every mail and hangs up without a word."""

    name = "hook"

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:  # noqa: ARG002 - never slow
        self.taken.append(message["Message-ID"])
        raise PerhapsTaken("TimeoutError")


@pytest.mark.parametrize("kind", ["delivered", "deferred", "bounced", "complained"])
async def test_a_mail_that_the_provider_proves_to_have_is_not_sent_again(told: Stage, kind: str) -> None:
    silent = Silent()
    told.service.outbox._transport = Chain([silent], lambda: 0)
    asked = await told.start()
    await told.service.outbox.work()
    await tell(told, "hook", kind, await mail_of(told, asked.login_id))
    told.clock.advance(200)
    for _ in range(2):
        await told.service.outbox.work()
    assert len(silent.taken) == 1
    assert await told.rows("SELECT state, provider, delivery, sealed_secret FROM outbox") == [
        ("sent", "hook", kind, None)
    ]
    sent = [each.event for each in await told.events(asked.login_id) if each.event.name == "mail.sent"]
    assert [(each.reason, each.fields) for each in sent] == [("reported", {"attempt": 2, "provider": "hook"})]


class Hanging(Silent):
    """One that at its second mail cannot be connected to, and tells of the first one meanwhile."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:
        if self.taken:
            await self.meanwhile()
            raise TryLater("TimeoutError")
        await super().send(message, recipient, seconds)


async def test_a_report_that_comes_while_its_provider_hangs_keeps_the_mail_from_the_next(told: Stage) -> None:
    asked = await told.start()
    mail_id = await mail_of(told, asked.login_id)
    hanging, other = Hanging(lambda: tell(told, "hook", "delivered", mail_id)), Silent()
    told.service.outbox._transport = Chain([hanging, other], lambda: 0)
    await told.service.outbox.work()
    told.clock.advance(200)
    await told.service.outbox.work()
    assert (len(hanging.taken), other.taken) == (1, [])
    assert await told.rows("SELECT state, provider, sealed_secret FROM outbox") == [("sent", "hook", None)]
    assert (await told.names(asked.login_id))[-2:] == ["mail.delivered", "mail.sent"]


@pytest.mark.parametrize("claims", [1, 2], ids=["at the first attempt", "at the second"])
async def test_a_report_between_claim_and_handing_over_counts_where_somebody_may_have_had_the_mail(
    told: Stage, claims: int
) -> None:
    """It comes while others' letters are written: the desk is held for that long."""
    silent, worker = Silent(), told.service.outbox
    worker._transport = Chain([silent], lambda: 0)
    asked = await told.start()
    mail_id = await mail_of(told, asked.login_id)
    for _ in range(claims - 1):
        await worker.work()
        told.clock.advance(200)
    async with worker._desk:
        working = asyncio.create_task(worker.work())
        while (await told.rows("SELECT attempts FROM outbox")) != [(claims,)]:  # noqa: ASYNC110 - a claim sets no event
            await asyncio.sleep(0)
        await tell(told, "hook", "delivered", mail_id)
    await working
    assert len(silent.taken) == 1
    state = "sent" if claims > 1 else "queued"
    assert await told.rows("SELECT state, delivery FROM outbox") == [(state, "delivered")]


async def test_a_mail_reported_after_its_login_ended_is_told_as_sent_and_not_as_kept_back(told: Stage) -> None:
    told.service.outbox._transport = Chain([Silent()], lambda: 0)
    asked = await told.start()
    await told.service.outbox.work()
    await tell(told, "hook", "delivered", await mail_of(told, asked.login_id))
    told.clock.advance(3600)
    await told.service.outbox.work()
    assert await told.rows("SELECT state FROM outbox") == [("sent",)]
    assert (await told.names(asked.login_id)).count("mail.failed") == 0


@pytest.mark.parametrize("kind", ["failed", "suppressed"])
async def test_a_mail_that_the_provider_gave_up_is_tried_again(sqlite_told: Stage, kind: str) -> None:
    silent = Silent()
    sqlite_told.service.outbox._transport = Chain([silent], lambda: 0)
    asked = await sqlite_told.start()
    await sqlite_told.service.outbox.work()
    await tell(sqlite_told, "hook", kind, await mail_of(sqlite_told, asked.login_id))
    sqlite_told.clock.advance(200)
    await sqlite_told.service.outbox.work()
    assert len(silent.taken) == 2


async def test_no_report_settles_a_mail_that_was_never_handed_to_anybody(sqlite_told: Stage) -> None:
    """As after a database was put back: the mail has yet to leave."""
    asked = await sqlite_told.start()
    await tell(sqlite_told, "hook", "delivered", await mail_of(sqlite_told, asked.login_id))
    silent = Silent()
    sqlite_told.service.outbox._transport = Chain([silent], lambda: 0)
    await sqlite_told.service.outbox.work()
    assert len(silent.taken) == 1


@pytest.mark.parametrize("kind", ["delivered", "deferred", "bounced", "complained", "suppressed", "failed"])
async def test_whoever_polls_sees_nothing_of_it(told: Stage, kind: str) -> None:
    """[R121]: byte for byte, but for the id of the request and a nonce, as two polls differ in anyway."""
    asked, other = await told.start(), await told.start("grace@example.com")
    await told.mails()

    def seen(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], dict[str, str]]:
        headers = [(name, value) for name, value in answer.headers.multi_items() if name != "dpop-nonce"]
        return answer.status_code, headers, answer.json() | {"instance": ""}

    before = seen(await told.poll(asked))
    await tell(told, "ses", kind, await mail_of(told, asked.login_id))
    told.clock.advance(5)
    after, unreported = await told.poll(asked), await told.poll(other)
    assert seen(after) == before == seen(unreported)
    assert len(after.content) == len(unreported.content)


async def test_a_login_goes_on_after_its_mail_bounced(told: Stage) -> None:
    """A report may be wrong: who has the mail may use it."""
    asked = await told.start()
    secret = await told.secret()
    await tell(told, "hook", "bounced", await mail_of(told, asked.login_id))
    assert (await told.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await told.poll(asked)).status_code == 200


async def test_a_report_on_a_notice_names_its_session_and_person(told: Stage) -> None:
    asked = await told.approved()
    tokens = (await told.poll(asked)).json()
    await told.mails()
    await tell(told, "postmark", "bounced", await mail_of(told, asked.login_id, "notice"))
    (event,) = [each.event for each in await told.events(asked.login_id) if each.event.name == "mail.bounced"]
    assert (event.session_id, event.subject) == (tokens["session_id"], tokens["sub"])
    assert (await told.rows("SELECT address FROM suppressions")) == [(ADA,)]


async def test_what_was_told_is_known_again_for_a_week(sqlite_told: Stage) -> None:
    asked = await sqlite_told.start()
    await sqlite_told.mails()
    mail_id = await mail_of(sqlite_told, asked.login_id)
    await tell(sqlite_told, "postmark", "deferred", mail_id)
    sqlite_told.clock.advance(7 * DAY - 1)
    await sqlite_told.sweep()
    assert await sqlite_told.count("mail_reports") == 1
    sqlite_told.clock.advance(1)
    await sqlite_told.sweep()
    assert await sqlite_told.count("mail_reports") == 0


async def test_a_report_on_a_mail_that_is_gone_is_taken_in_silence(sqlite_told: Stage) -> None:
    asked = await sqlite_told.start()
    await sqlite_told.mails()
    mail_id = await mail_of(sqlite_told, asked.login_id)
    sqlite_told.clock.advance(2 * DAY)
    await sqlite_told.sweep()
    assert await sqlite_told.count("outbox") == 0
    assert (await tell(sqlite_told, "hook", "bounced", mail_id)).status_code == 200
    assert await sqlite_told.count("suppressions") == 0


async def test_a_database_that_is_down_is_said_so_and_the_report_counts_when_it_comes_again(sqlite_told: Stage) -> None:
    asked = await sqlite_told.start()
    await sqlite_told.mails()
    mail_id = await mail_of(sqlite_told, asked.login_id)
    write, hooks = sqlite_told.database.write, sqlite_told.service.services.database

    async def down(*_: object) -> None:
        raise OSError

    hooks.write = down  # type: ignore[method-assign,assignment]
    async with nothing_written(sqlite_told):
        assert (await tell(sqlite_told, "hook", "bounced", mail_id)).status_code == 500
    hooks.write = write  # type: ignore[method-assign]
    assert (await tell(sqlite_told, "hook", "bounced", mail_id)).status_code == 200
    assert await state_of(sqlite_told, mail_id) == "bounced"


async def test_mailgun_tells_an_event_again_beside_a_new_token_and_it_counts_once(sqlite_told: Stage) -> None:
    asked = await sqlite_told.start()
    await sqlite_told.mails()
    mail_id = await mail_of(sqlite_told, asked.login_id)
    now = sqlite_told.clock()
    headers, body = signed("mailgun", "deferred", mail_id, event_id="evt-1", now=now, secrets=SECRETS)
    event = json.loads(body)["event-data"]
    for token in ("one", "two", "two"):
        signature = mailgun_signature(SECRETS.mailgun, token, now)
        told = json.dumps({"signature": signature, "event-data": event}).encode()
        answer = await sqlite_told.client.post("/hooks/mail/mailgun", headers=headers, content=told)
        assert answer.status_code == 200
    assert (await sqlite_told.names(asked.login_id)).count("mail.deferred") == 1
