# SPDX-License-Identifier: Apache-2.0
"""The outbox worker between a database and a mail server of our making."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.languages.folder import read_folder
from counterfoil_service.mail import outbox
from counterfoil_service.mail.render import MailTemplates
from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.settings import SettingsError
from support.stage import OpenStage, Stage


class Post:
    """A transport that a test holds up, or lets fail."""

    name = "post"

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.taken: list[str] = []
        self.message_ids: list[str] = []

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:  # noqa: ARG002 - a test says when
        self.begun.set()
        self.message_ids.append(message["Message-ID"])
        await self.go_on.wait()
        if self.trouble is not None:
            raise self.trouble
        self.taken.append(recipient)


def alone(post: Post) -> Chain:
    """The only provider."""
    return Chain([post], lambda: 0)


async def test_a_process_that_leaves_finishes_the_mail_it_is_sending(stage: Stage) -> None:
    post = Post()
    stage.service.outbox._transport = alone(post)
    asked = await stage.start()
    async with stage.service.workers():
        await post.begun.wait()
        leaving = asyncio.get_running_loop().call_later(0.05, post.go_on.set)
    assert leaving.when()
    assert post.taken == ["ada@example.com"]
    assert (await stage.names(asked.login_id))[-1] == "mail.sent"


async def test_a_process_that_leaves_does_not_wait_for_a_dead_server(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counterfoil_service.app.LAST_WORK_SECONDS", 0.05)
    post = Post()
    stage.service.outbox._transport = alone(post)
    asked = await stage.start()
    async with stage.service.workers():
        await post.begun.wait()
    assert post.taken == []
    assert (await stage.names(asked.login_id))[-1] == "mail.queued"


async def test_mail_leaves_although_the_clock_was_set_back_since_it_was_queued(stage: Stage) -> None:
    stage.clock.advance(300)
    await stage.service.outbox.work()
    await stage.start()
    stage.clock.advance(-300)
    await stage.service.outbox.work()
    assert len(await stage.mails()) == 1


async def test_mail_that_was_tried_waits_for_its_turn_although_the_clock_was_set_back(stage: Stage) -> None:
    stage.service.outbox._transport = alone(post := Post(TryLater("smtp_451")))
    post.go_on.set()
    await stage.start()
    await stage.service.outbox.work()
    stage.clock.advance(-1)
    await stage.service.outbox.work()
    assert len(post.message_ids) == 1, "a server that said later, or a worker that sends just now, is not overrun"


@pytest.mark.parametrize(
    "text",
    ["{{ link.nobody }}", "{{ link.__class__.__mro__ }}", "{{ 1 + link }}", "{{ [][1] }}", "{% include 'none.txt' %}"],
)
async def test_a_template_that_fails_ends_its_mail_and_is_named_once_without_what_it_says(
    stage: Stage, text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "link.txt").write_text(text, "utf-8")
    stage.service.outbox._templates = MailTemplates(read_folder(tmp_path))
    asked = await stage.start()
    await stage.service.outbox.work()
    last = (await stage.events(asked.login_id))[-1].event
    assert (last.name.value, last.reason) == ("mail.failed", "not_writable")
    assert await stage.mails() == []
    (named,) = [each for each in caplog.messages if "cannot be written" in each]
    assert "link.txt, line 1" in named
    assert "https://" not in caplog.text
    assert "ada@" not in caplog.text
    assert "Traceback" not in caplog.text
    assert not await stage.service.outbox.work(), "it is not tried again"


async def test_a_send_without_an_end_is_put_off_before_its_lease_is_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SEND_SECONDS", 0.02)
    stage.service.outbox._transport = alone(Post())
    asked = await stage.start()
    await stage.service.outbox.work()
    last = (await stage.events(asked.login_id))[-1].event
    assert (last.name.value, last.reason) == ("mail.deferred", "timeout")


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(TryLater("smtp_451"), "is deferred: smtp_451"), (Undeliverable("smtp_550"), "is failed: smtp_550")],
)
async def test_trouble_reaches_the_log_without_an_address(
    stage: Stage, caplog: pytest.LogCaptureFixture, trouble: Exception, told: str
) -> None:
    post = Post(trouble)
    post.go_on.set()
    stage.service.outbox._transport = alone(post)
    await stage.start()
    await stage.service.outbox.work()
    assert told in caplog.text
    assert "ada@" not in caplog.text


async def test_a_notice_that_nobody_takes_is_tried_again_as_the_same_mail(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    post = Post(TryLater("smtp_451"))
    post.go_on.set()
    stage.service.outbox._transport = alone(post)
    for _ in range(2):
        await stage.service.outbox.work()
        stage.clock.advance(200)
    post.trouble = None
    await stage.service.outbox.work()
    assert post.taken == ["ada@example.com"]
    assert len(post.message_ids) == 3
    assert len(set(post.message_ids)) == 1
    told = [each.event for each in await stage.events(asked.login_id)][-3:]
    assert [event.name.value for event in told] == ["mail.deferred", "mail.deferred", "mail.sent"]
    assert {event.session_id for event in told} != {None}


async def test_without_a_transport_a_notice_waits_a_day_and_is_given_up(stage: Stage) -> None:
    asked = await stage.approved()
    await stage.poll(asked)
    stage.service.outbox._transport = None
    await stage.service.outbox.work()
    stage.clock.advance(86_399)
    assert not await stage.service.outbox.work()
    stage.clock.advance(1)
    assert await stage.service.outbox.work()
    told = [(each.event.name.value, each.event.reason) for each in await stage.events(asked.login_id)][-2:]
    assert told == [("mail.deferred", "no_transport"), ("mail.failed", "too_late")]


@pytest.mark.parametrize(
    "sender", ["a@example.com, b@example.com", "a@[192.0.2.1]", "a@example.org.", "Example <a@b@example.org>"]
)
async def test_a_sender_that_no_mail_could_carry_is_refused_at_the_start(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, sender: str
) -> None:
    with pytest.raises(SettingsError, match="COUNTERFOIL_MAIL_FROM"):
        async with open_stage(sqlite_url, tmp_path, mail_from=sender):
            pass


async def test_a_new_device_is_told_of_at_once_and_a_known_one_of_nothing(stage: Stage) -> None:
    asked = await stage.approved()
    due = stage.service.outbox._due
    due.clear()
    assert (await stage.poll(asked)).status_code == 200
    assert due.is_set()
    stage.clock.advance(61)
    again = await stage.approved(device=asked.device)
    due.clear()
    assert (await stage.poll(again)).status_code == 200
    assert not due.is_set()


async def test_between_two_letters_everybody_else_has_the_loop(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, written_at = 0, list[int]()
    worker = sqlite_stage.service.outbox
    write = worker._message

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def note(*arguments: Any) -> EmailMessage:
        written_at.append(turns)
        return write(*arguments)

    monkeypatch.setattr(worker, "_message", note)
    for number in range(5):
        await sqlite_stage.start(f"person{number}@example.com")
    counting = asyncio.create_task(count())
    await worker.work()
    counting.cancel()
    assert len(written_at) == len(set(written_at)) == 5


async def test_row_and_record_keep_who_took_the_mail(stage: Stage) -> None:
    post = Post()
    post.go_on.set()
    stage.service.outbox._transport = alone(post)
    asked = await stage.start()
    await stage.service.outbox.work()
    last = (await stage.events(asked.login_id))[-1].event
    assert (last.name.value, last.fields) == ("mail.sent", {"attempt": 1, "provider": "post"})
    assert await stage.rows("SELECT state, provider FROM outbox") == [("sent", "post")]


async def test_who_perhaps_took_a_mail_is_remembered_and_asked_first_with_the_same_mail(stage: Stage) -> None:
    silent, other = Post(PerhapsTaken("TimeoutError")), Post(TryLater("smtp_451"))
    silent.go_on.set()
    other.go_on.set()
    stage.service.outbox._transport = Chain([other, silent], lambda: 0)
    asked = await stage.start()
    await stage.service.outbox.work()
    last = (await stage.events(asked.login_id))[-1].event
    assert (last.name.value, last.reason, last.fields["provider"]) == ("mail.deferred", "TimeoutError", "post_2")
    assert await stage.rows("SELECT state, provider FROM outbox") == [("queued", "post_2")]

    silent.trouble, other.trouble = TryLater("smtp_421"), TryLater("smtp_451")
    stage.clock.advance(200)
    await stage.service.outbox.work()
    assert await stage.rows("SELECT state, provider FROM outbox") == [("queued", "post_2")], "it may still have it"

    silent.trouble = None
    stage.clock.advance(200)
    await stage.service.outbox.work()
    assert await stage.rows("SELECT state, provider FROM outbox") == [("sent", "post_2")]
    assert len(other.message_ids) == 2
    assert len(set(silent.message_ids + other.message_ids)) == 1
