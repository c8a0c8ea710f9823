# SPDX-License-Identifier: Apache-2.0
"""The log by webhook: every entry in order, signed, at least once, the same bytes under the same id [R140]."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from counterfoil_service.audit.sinks import webhook as sender
from counterfoil_service.core.canonical_json import canonical
from counterfoil_service.db import log
from support import acting
from support.certificates import Authority
from support.log import bytes_of
from support.receivers import CUT, HANG, KEY, WebhookReceiver, listening
from support.sinks import deliver, happen, row, seal, sealed, webhook, worker
from support.stage import SECOND, Stage

FIVE_MINUTES = 300 * SECOND


async def test_every_entry_arrives_in_order_and_verifies_by_the_reference_library(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        await seal(stage)
        made = await worker(stage, webhook(port))
        begin = len(await sealed(stage))
        await acting.ask(stage, device_label="Ada's laptop")
        await seal(stage)
        await happen(stage, 250)
        await deliver(made)
        assert receiver.entries == await sealed(stage, begin)
        assert [len(post.verified()["data"]["entries"]) for post in receiver.posts][1:] == [100, 100, 50]
        assert len({post.id for post in receiver.posts}) == len(receiver.posts)
        assert not await made.work()


async def test_a_body_holds_each_leaf_as_it_was_hashed_and_nothing_personal(sqlite_stage: Stage) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port, "/a?b=c"))
        await acting.ask(stage, device_label="Ada's laptop")
        await seal(stage)
        await deliver(made)
    (post,) = receiver.posts
    payload = post.verified()
    assert (post.target, post.headers["content-type"]) == ("/a?b=c", "application/json")
    assert (payload["type"], payload["data"]["origin"]) == ("audit.entries", "id.example/log")
    assert payload["data"]["first_index"] == payload["data"]["entries"][0]["index"] == 0
    entries = await stage.database.read(log.entries, 0, 100)
    assert [canonical(each["leaf"]) for each in payload["data"]["entries"]] == [bytes_of(entry) for entry in entries]
    assert any("sealed" in each["leaf"] for each in payload["data"]["entries"])
    assert not [each for each in (b"ada@", b"example.com", b"192.0.2", b"laptop") if each in post.body]


async def test_a_receiver_finds_out_about_every_part_that_was_changed(sqlite_stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(sqlite_stage, webhook(port))
        await happen(sqlite_stage, 1)
        await deliver(made)
    (post,) = receiver.posts
    later = str(int(post.headers["webhook-timestamp"]) + 1)
    changed = [
        replace(post, body=post.body.replace(b"success", b"failure")),
        replace(post, headers=post.headers | {"webhook-timestamp": later}),
        replace(post, headers=post.headers | {"webhook-id": f"{post.id}0"}),
    ]
    for each in changed:
        with pytest.raises(WebhookVerificationError):
            each.verified()
    assert post.verified()


async def test_after_a_failure_the_same_bytes_come_again_whatever_was_sealed_meanwhile(stage: Stage) -> None:
    receiver = WebhookReceiver()
    async with listening(receiver.connected) as port:
        sink = webhook(port)
        made = await worker(stage, sink)
        for trouble in (500, 429, 404, 302, CUT):
            receiver.posts.clear()
            receiver.replies = [trouble, trouble]
            await happen(stage)
            before = await row(stage, sink)
            for attempt in (1, 2):
                assert not await made.work()
                told = await row(stage, sink)
                assert (told.attempts, told.next_index) == (attempt, before.next_index)
                assert told.problem == ("NotHttpError" if trouble == CUT else f"http_{trouble}")
                assert not await made.work(), "not before it is due"
                stage.clock.now = told.due_at
                await happen(stage, 2)
            await deliver(made)
            first, second, third = receiver.posts[:3]
            assert first.id == second.id == third.id != receiver.posts[3].id
            assert first.body == second.body == third.body
            assert first.headers["webhook-timestamp"] < third.headers["webhook-timestamp"]
            assert (await row(stage, sink)).problem is None
        assert receiver.entries == await sealed(stage)


async def test_pauses_grow_from_a_second_to_five_minutes(sqlite_stage: Stage) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver(replies=[503] * 12)
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        pauses = []
        for _ in range(12):
            await made.work()
            due_at = (await row(stage, webhook(port))).due_at
            pauses.append(due_at - stage.clock.now)
            stage.clock.now = due_at
        for number, pause in enumerate(pauses):
            ceiling = min(2**number * SECOND, FIVE_MINUTES)
            assert ceiling // 2 <= pause <= ceiling
        assert await made.work()


async def test_a_receiver_is_left_alone_for_as_long_as_it_asks_but_no_longer_than_an_hour(sqlite_stage: Stage) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver()
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        for told, seconds in (("120", 120), ("999999", 3600), ("soon", 0)):
            receiver.replies, receiver.headers = [503], f"Retry-After: {told}\r\n"
            await made.work()
            found = await row(stage, webhook(port))
            assert seconds <= (found.due_at - stage.clock.now) / SECOND <= max(seconds, 4)
            stage.clock.now = found.due_at


async def test_one_who_answers_410_gets_nothing_more_and_an_operator_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = WebhookReceiver(replies=[410])
    async with listening(receiver.connected) as port:
        made = await worker(stage, webhook(port))
        await happen(stage)
        await made.work()
        assert [record.levelno for record in caplog.records if "410" in record.message] == [logging.CRITICAL]
        stage.clock.advance(10 * 365 * 86_400)
        await happen(stage)
        assert not await (await worker(stage, webhook(port))).work()
        assert len(receiver.posts) == 1
        told = await row(stage, webhook(port))
        assert (told.problem, told.next_index) == ("gone", 0)


async def test_a_redirect_leads_nowhere(sqlite_stage: Stage) -> None:
    elsewhere = WebhookReceiver()
    async with listening(elsewhere.connected) as other:
        receiver = WebhookReceiver(headers=f"Location: http://127.0.0.1:{other}/\r\n")
        async with listening(receiver.connected) as port:
            made = await worker(sqlite_stage, webhook(port))
            await happen(sqlite_stage)
            for status in (301, 302, 303, 307, 308):
                receiver.replies = [status]
                assert not await made.work()
                found = await row(sqlite_stage, webhook(port))
                assert found.problem == f"http_{status}"
                sqlite_stage.clock.now = found.due_at
    assert elsewhere.posts == []


async def test_one_who_does_not_answer_in_time_gets_the_same_again(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver(replies=[HANG] * 9)
    async with listening(receiver.connected) as port, asyncio.timeout(20):
        made = await worker(stage, webhook(port))
        await happen(stage)
        with monkeypatch.context() as shorter:
            shorter.setattr(sender, "TIMEOUT_SECONDS", 0.1)
            assert not await made.work()
        receiver.replies.clear()
        assert (await row(stage, webhook(port))).problem == "TimeoutError"
        stage.clock.advance(2)
        assert await deliver(made) == 1
    assert len({post.id for post in receiver.posts}) == 1
    assert receiver.entries == await sealed(stage)


async def test_a_receiver_with_the_right_certificate_gets_entries_over_https(
    sqlite_stage: Stage, tmp_path: Path
) -> None:
    authority, receiver = Authority(tmp_path / "ca"), WebhookReceiver()
    async with listening(receiver.connected, authority.server()) as port:
        made = await worker(sqlite_stage, webhook(port, scheme="https"), authority.client())
        await happen(sqlite_stage)
        await deliver(made)
    assert receiver.entries == await sealed(sqlite_stage)


async def test_nothing_is_sent_to_whom_no_certificate_vouches_for(sqlite_stage: Stage, tmp_path: Path) -> None:
    authority, receiver = Authority(tmp_path / "ca"), WebhookReceiver()
    for context in (authority.server("siem.example"), Authority(tmp_path / "other").server()):
        async with listening(receiver.connected, context) as port:
            sink = webhook(port, scheme="https")
            made = await worker(sqlite_stage, sink, authority.client())
            await happen(sqlite_stage)
            assert not await made.work()
            assert ((await row(sqlite_stage, sink)).problem or "").startswith("certificate: ")
    assert receiver.posts == []


async def test_neither_key_nor_query_is_told_to_anybody_but_the_receiver(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage, receiver = sqlite_stage, WebhookReceiver(replies=[500, 410])
    caplog.set_level(logging.DEBUG, "counterfoil_service")
    async with listening(receiver.connected) as port:
        sink = webhook(port, "/events?token=tell-nobody")
        made = await worker(stage, sink)
        await happen(stage)
        for _ in range(2):
            await made.work()
            stage.clock.advance(10)
        written = caplog.text + repr(vars(made)) + repr(vars(made._sender)) + repr(await row(stage, sink))
    assert "http_500" in caplog.text
    assert "tell-nobody" not in caplog.text
    assert KEY.removeprefix("whsec_") not in written
