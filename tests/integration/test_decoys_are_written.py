# SPDX-License-Identifier: Apache-2.0
"""A decoy's mail is written as any other and goes to nobody: else whoever asks next would wait less after a decoy."""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.mail.outbox import OutboxWorker
from counterfoil_service.operations.claim_mail import ClaimedMail, claim_mail
from counterfoil_service.operations.invite_user import invite_user
from support.stage import OpenStage, Stage

KNOWN, UNKNOWN = "ada@example.com", "eve@example.com"
_DIFFERS = re.compile(r"https://\S+|\b[0-9]{4} [0-9]{4}\b")


class Letters:
    """What a worker writes, whether it leaves or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[str, list[EmailMessage]] = {}
        write = OutboxWorker._message

        def written(worker: OutboxWorker, claimed: ClaimedMail, secret: str) -> EmailMessage:
            letter = write(worker, claimed, secret)
            if claimed.mail.id != "rehearsal":
                self.of.setdefault(claimed.mail.recipient, []).append(letter)
            return letter

        monkeypatch.setattr(OutboxWorker, "_message", written)

    def text_to(self, address: str, kind: str) -> str:
        """The only one's, without what differs from mail to mail."""
        (letter,) = self.of[address]
        part = letter.get_body((kind,))
        assert part is not None
        return _DIFFERS.sub("#", str(part.get_content()))


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    return Letters(monkeypatch)


async def asked_by_both(stage: Stage, **fields: str) -> None:
    """A link is asked for by somebody who was invited, and for an address that nobody knows."""
    await stage.database.write(invite_user, KNOWN)
    for address in (KNOWN, UNKNOWN):
        await stage.start(address, None, **fields)


@pytest.mark.parametrize(
    ("application", "language"),
    [({}, "en"), ({"mail_code": True}, "de"), ({"colour": "#f2c037", "logo_text": "ACME"}, "ar")],
    ids=["plain", "digits, in German", "a look, in Arabic"],
)
async def test_a_decoy_s_mail_is_written_word_for_word_like_one_that_leaves(
    database_url: str,
    tmp_path: Path,
    open_stage: OpenStage,
    letters: Letters,
    application: dict[str, Any],
    language: str,
) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage:
        await stage.add_application("other-app", **application)
        await asked_by_both(stage, client_id="other-app", ui_locales=language)
        assert [mail["To"] for mail in await stage.mails()] == [KNOWN]
        for kind in ("plain", "html"):
            assert letters.text_to(UNKNOWN, kind) == letters.text_to(KNOWN, kind)
        assert await stage.rows("SELECT kind, state FROM outbox") == [("link", "sent")]


async def test_no_secret_of_a_decoy_reaches_the_worker(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        await asked_by_both(stage)
        claimed = {each.mail.kind: each for each in await stage.database.write(claim_mail, 10)}
        assert (claimed["decoy"].secret, claimed["decoy"].unfit, claimed["decoy"].for_show) == (None, "decoy", True)
        assert claimed["link"].secret is not None
        assert not claimed["link"].for_show


async def test_of_logins_that_are_over_no_mail_is_written_decoy_or_not(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, letters: Letters
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        await asked_by_both(stage)
        stage.clock.advance(3_600)
        assert await stage.mails() == []
        assert letters.of == {}
        assert await stage.rows("SELECT kind, state FROM outbox") == [("link", "expired")]


async def test_without_mail_neither_is_written(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, letters: Letters
) -> None:
    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        stage.service.outbox._transport = None
        await asked_by_both(stage)
        await stage.service.outbox.work()
        assert letters.of == {}
        assert await stage.rows("SELECT kind, state FROM outbox") == [("link", "queued")]


async def test_a_decoy_that_cannot_be_written_is_gone_all_the_same(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> EmailMessage:
        raise ValueError

    async with open_stage(sqlite_url, tmp_path, sign_up="invited") as stage:
        monkeypatch.setattr(OutboxWorker, "_message", fails)
        await asked_by_both(stage)
        await stage.service.outbox.work()
        assert await stage.rows("SELECT kind, state FROM outbox") == [("link", "failed")]
