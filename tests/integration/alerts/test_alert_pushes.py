# SPDX-License-Identifier: Apache-2.0
"""Alerts pushed by webhook and mail: at least once, signed, and to each target whatever becomes of the others."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.alerting import webhook as webhook_module
from counterfoil_service.alerting import worker as worker_module
from counterfoil_service.alerting.worker import GIVEN_UP_AFTER, PushWorker
from counterfoil_service.app import Service
from counterfoil_service.operations.claim_pushes import PUSH_LEASE_SECONDS, ClaimPushes, claim_pushes
from counterfoil_service.operations.refuse_webhook import RefuseWebhook, refuse_webhook
from counterfoil_service.operations.settle_push import SettlePush, Told, settle_push
from counterfoil_service.settings import Secret
from counterfoil_service.settings.alert_targets import read_alert_targets
from support.alarms import CAUSES, alarmed, forgery, stolen_token
from support.http import execute
from support.mailserver import MailServer
from support.processes import free_port
from support.receivers import CUT, HANG, WebhookReceiver, listening
from support.sinks import webhook
from support.staff import Staff
from support.stage import SECOND, Stage
from support.surfer import Surfer
from support.tokens import SignedIn, sign_in

MAIL = "mailto:sec@example.com"


@contextlib.asynccontextmanager
async def telling(url: str, folder: Path, *targets: str, **changes: Any) -> AsyncIterator[Stage]:
    """A stage that tells these of its alerts, when a test lets its workers."""
    async with alarmed(url, folder, alerts=read_alert_targets(",".join(targets)), **changes) as stage:
        yield stage


def workers(service: Service) -> list[PushWorker]:
    """Those of a process, in the order of the setting."""
    return [each for each in service._others if isinstance(each, PushWorker)]


async def told(stage: Stage) -> list[tuple[Any, ...]]:
    return await stage.rows("SELECT target, state, attempts, problem FROM alert_pushes ORDER BY target")


async def test_a_webhook_hears_of_every_kind_signed_in_words_and_without_an_address(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counterfoil_service.audit.sealer.CHECK_EVERY", 1)
    receiver = WebhookReceiver()
    async with (
        listening(receiver.connected) as port,
        telling(sqlite_url, tmp_path, webhook(port, "/alerts?room=7")) as stage,
    ):
        for cause in CAUSES.values():
            await cause(stage)
            stage.clock.advance(1000)
        (worker,) = workers(stage.service)
        while await worker.work():
            pass
        rows = await stage.rows("SELECT id, kind, times FROM alerts")
    payloads = [post.verified() for post in receiver.taken]
    assert {each["type"] for each in payloads} == {"alert.raised"}
    data = [each["data"] for each in payloads]
    assert sorted((each["alert"], each["kind"], each["times"]) for each in data) == sorted(rows)
    assert {each["kind"] for each in data} == set(CAUSES)
    assert all(each["url"] == f"https://id.example/console/alerts/{each['alert']}" for each in data)
    assert all(each["meaning"] and each["advice"] and each["title"] for each in data)
    parties = {name: each[name] for each in data for name in ("device", "receiver", "provider") if name in each}
    assert parties["provider"] == "resend"
    assert parties["receiver"].endswith("/events")
    assert set(parties) == {"device", "receiver", "provider"}
    assert {post.target for post in receiver.posts} == {"/alerts?room=7"}
    whole = b"".join(post.body for post in receiver.posts)
    assert not [secret for secret in (b"@", b"192.0.2", b"hush", b"whsec") if secret in whole]


async def test_the_first_of_a_flood_is_pushed_once_to_each_target_and_the_rest_is_counted(
    database_url: str, tmp_path: Path
) -> None:
    receiver = WebhookReceiver()
    async with (
        listening(receiver.connected) as port,
        telling(database_url, tmp_path, webhook(port, "/a"), webhook(port, "/b")) as stage,
    ):
        signed = await sign_in(stage)
        for _ in range(10):
            await stolen_token(stage, signed)
        for worker in workers(stage.service):
            assert await worker.work()
            assert not await worker.work()
    assert sorted(post.target for post in receiver.posts) == ["/a", "/b"]
    assert {post.verified()["data"]["times"] for post in receiver.posts} == {10}
    assert len({post.id for post in receiver.posts}) == 2


async def test_of_many_first_ones_at_one_moment_one_is_pushed(database_url: str, tmp_path: Path) -> None:
    async with telling(database_url, tmp_path, webhook(free_port()), MAIL) as stage:
        refused = RefuseWebhook("resend", "signature", 1)
        await asyncio.gather(*(stage.database.write(refuse_webhook, refused) for _ in range(50)))
        assert await stage.rows("SELECT times FROM alerts") == [(50,)]
        assert len(await told(stage)) == 2


async def test_a_receiver_that_is_down_slow_or_broken_is_told_again_under_the_same_id(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_module, "TIMEOUT_SECONDS", 0.2)
    receiver = WebhookReceiver(replies=[500, CUT, HANG, 302, 429, 204])
    async with listening(receiver.connected) as port, telling(database_url, tmp_path, webhook(port)) as stage:
        await forgery(stage)
        (worker,) = workers(stage.service)
        problems = []
        for _ in range(6):
            assert await worker.work()
            assert not await worker.work(), "not before it is due"
            ((_, state, attempts, problem),) = await told(stage)
            problems.append(problem)
            ((due_at,),) = await stage.rows("SELECT due_at FROM alert_pushes")
            assert state == "sent" or 0 < due_at - stage.clock.now <= 900 * SECOND
            stage.clock.now = max(stage.clock.now, due_at)
        receiver.let_go.set()
    assert problems == ["http_500", "NotHttpError", "TimeoutError", "http_302", "http_429", None]
    assert (state, attempts) == ("sent", 6)
    assert len({post.id for post in receiver.posts}) == 1
    assert all(post.verified() for post in receiver.posts)


async def test_who_answers_410_or_is_away_for_a_day_is_given_up_and_the_page_says_so(
    database_url: str, tmp_path: Path
) -> None:
    receiver, port = WebhookReceiver(replies=[410]), free_port()
    async with (
        listening(receiver.connected) as gone,
        telling(database_url, tmp_path, webhook(gone, "/gone"), webhook(port, "/down")) as stage,
    ):
        await forgery(stage)
        first, second = workers(stage.service)
        await first.work()
        tries = 0
        begun = stage.clock.now
        while await second.work():
            tries += 1
            ((due_at,),) = await stage.rows("SELECT due_at FROM alert_pushes WHERE target LIKE '%down'")
            stage.clock.now = due_at
        assert not await first.work()
        assert stage.clock.now - begun >= GIVEN_UP_AFTER
        assert 90 < tries < 300
        states = [(state, problem) for _, state, _, problem in await told(stage)]
        assert sorted(states) == [("failed", "ConnectionRefusedError"), ("failed", "gone")]
        async with Surfer(stage) as browser:
            text = await (await Staff.hired(browser)).see("/alerts")
        assert f"http://127.0.0.1:{port}/down" in text
        assert "it answered 410 and wants nothing more" in text
        assert "the error was ConnectionRefusedError; given up" in text
    assert len(receiver.posts) == 1


async def test_a_receiver_that_hangs_holds_up_nobody_but_itself(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 0.01)
    slow, quick = WebhookReceiver(replies=[HANG]), WebhookReceiver()
    async with (
        listening(slow.connected) as one,
        listening(quick.connected) as other,
        telling(sqlite_url, tmp_path, webhook(one), webhook(other)) as stage,
        stage.service.workers(),
        asyncio.timeout(20),
    ):
        await forgery(stage)
        await slow.asked.wait()
        await quick.asked.wait()
        assert (await stage.start()).device_code
        slow.let_go.set()
    assert len(slow.posts) == len(quick.posts) == 1


async def test_of_many_replicas_one_tells_and_who_dies_is_followed_under_the_same_id(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port, telling(database_url, tmp_path, webhook(port)) as stage:
        sender, name = workers(stage.service)[0]._sender, stage.service.services.settings.alerts[0].name
        replicas = [PushWorker(stage.database, name, sender) for _ in range(8)]
        await forgery(stage)
        await asyncio.gather(*(each.work() for each in replicas))
        assert len(receiver.posts) == 1
        await sign_in(stage)
        await stolen_token(stage)

        async def die(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as dead:
            dead.setattr(worker_module, "settle_push", die)
            with pytest.raises(ZeroDivisionError):
                await replicas[0].work()
        assert not await replicas[1].work(), "while the lease of the dead one lasts"
        stage.clock.advance(PUSH_LEASE_SECONDS)
        assert await replicas[1].work()
        assert receiver.posts[1].id == receiver.posts[2].id != receiver.posts[0].id
        assert [state for _, state, _, _ in await told(stage)] == ["sent", "sent"]


async def test_a_late_word_of_a_worker_whose_lease_is_over_changes_nothing(database_url: str, tmp_path: Path) -> None:
    async with telling(database_url, tmp_path, webhook(free_port())) as stage:
        await forgery(stage)
        claim = ClaimPushes(stage.service.services.settings.alerts[0].name, 5)
        claims = await asyncio.gather(*(stage.database.write(claim_pushes, claim) for _ in range(6)))
        ((late,),) = [each for each in claims if each]
        stage.clock.advance(PUSH_LEASE_SECONDS)
        ((second,),) = [await stage.database.write(claim_pushes, claim)]
        assert not await stage.database.write(settle_push, SettlePush(late.push, Told()))
        assert await stage.database.write(settle_push, SettlePush(second.push, Told()))
        assert not await stage.database.write(settle_push, SettlePush(second.push, Told()))


async def test_a_mail_says_what_happened_how_often_and_to_whom_by_ids_over_real_smtp(
    database_url: str, tmp_path: Path
) -> None:
    with MailServer() as server:
        async with telling(database_url, tmp_path, MAIL, mail_url=Secret(server.url)) as stage:
            session = await signed_in_by_letter(stage, server)
            (worker,) = workers(stage.service)
            server.refusal = "451 later"
            assert await worker.work()
            assert (await told(stage))[0][1:] == ("queued", 1, "smtp_451")
            server.refusal = None
            stage.clock.advance(60)
            assert await worker.work()
            assert (await told(stage))[0][1:] == ("sent", 2, None)
            ((alert, push, subject),) = await stage.rows(
                "SELECT a.id, p.id, a.subject FROM alerts a JOIN alert_pushes p ON p.alert_id = a.id"
            )
        letter = server.letters[-1]
    assert letter.recipients == ["sec@example.com"]
    assert letter.message["Message-ID"] == f"<{push}@id.example>"
    assert letter.message["Subject"] == "Alert of Counterfoil: A session's token came with another key"
    assert letter.link == f"https://id.example/console/alerts/{alert}"
    words = " ".join(letter.text.split())
    said = ("It happened 3 times", "without the key of its device", "Find out where", "desk-app")
    assert [part for part in (*said, session, subject) if part not in words] == []
    html = letter.message.get_body(("html",))
    assert html is not None
    assert session in html.get_content()
    assert not [secret for secret in ("ada@", "192.0.2") if secret in letter.text + html.get_content()]


async def signed_in_by_letter(stage: Stage, server: MailServer) -> str:
    """A sign-in over the same mail server, and its token stolen thrice."""
    asked = await stage.start()
    await stage.service.outbox.work()
    await stage.decide(server.letters[-1].secret, "approve", asked.user_code)
    tokens = (await stage.poll(asked)).json()
    signed = SignedIn(asked, tokens["access_token"], tokens["refresh_token"], tokens["session_id"], tokens["sub"])
    for _ in range(3):
        await stolen_token(stage, signed)
    return signed.session_id


async def test_without_mail_an_alert_waits_and_the_console_says_why(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(sqlite_url, tmp_path, MAIL) as stage:
        await forgery(stage)
        (worker,) = workers(stage.service)
        worker._sender._transport = None  # type: ignore[attr-defined]  # as with MAIL_URL none:
        with caplog.at_level(logging.INFO):
            await worker.work()
        assert (await told(stage))[0][1:] == ("queued", 1, "no_transport")
        assert "sec@example.com" not in caplog.text
        async with Surfer(stage) as browser:
            text = await (await Staff.hired(browser)).see("/alerts")
        assert "this service is set to send none; tried once" in text


async def test_a_target_that_was_taken_out_of_the_settings_is_said_to_be(sqlite_url: str, tmp_path: Path) -> None:
    async with telling(sqlite_url, tmp_path, webhook(free_port(), "/new")) as stage:
        await forgery(stage)
        await execute(stage, "UPDATE alert_pushes SET target = 'https://old.example/'")
        assert not await workers(stage.service)[0].work()
        async with Surfer(stage) as browser:
            text = await (await Staff.hired(browser)).see("/alerts")
        assert "<bdi>https://old.example/</bdi>: COUNTERFOIL_ALERTS no longer names it" in text
