# SPDX-License-Identifier: Apache-2.0
"""Which troubles of a mail server end a mail, and which only put it off."""

import asyncio
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import pytest

from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable, smtp
from counterfoil_service.mail.transports.smtp import SmtpTransport
from support.mail_providers import letter
from support.receivers import listening

ENDS_THE_MAIL = [
    (aiosmtplib.SMTPDataError(554, "no"), "smtp_554"),
    (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no", "a@b")]), "smtp_550"),
    (aiosmtplib.SMTPNotSupported("no"), "smtputf8_not_supported"),
]
PUTS_IT_OFF = [
    (aiosmtplib.SMTPAuthenticationError(535, "wrong password hunter2"), "smtp_535"),
    (aiosmtplib.SMTPConnectResponseError(554, "no service"), "smtp_554"),
    (aiosmtplib.SMTPHeloError(521, "go away"), "smtp_521"),
    (aiosmtplib.SMTPSenderRefused(550, "not yours", "a@b"), "smtp_550"),
    (aiosmtplib.SMTPDataError(451, "later"), "smtp_451"),
    (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(530, "log in", "a@b")]), "smtp_530"),
    (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(450, "later", "a@b")]), "smtp_450"),
    (aiosmtplib.SMTPServerDisconnected("gone"), "SMTPServerDisconnected"),
    (ConnectionRefusedError(), "ConnectionRefusedError"),
    (TimeoutError(), "TimeoutError"),
]


async def _send(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    async def send(*_arguments: Any, **_options: Any) -> None:
        raise trouble

    monkeypatch.setattr(smtp, "_hand_over", send)
    await SmtpTransport(urlsplit("smtp://127.0.0.1:25")).send(EmailMessage(), "ada@example.com", 5)


@pytest.mark.parametrize(("trouble", "code"), ENDS_THE_MAIL)
async def test_a_refusal_of_this_mail_ends_it(monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        await _send(monkeypatch, trouble)
    assert caught.value.code == code


@pytest.mark.parametrize(("trouble", "code"), PUTS_IT_OFF)
async def test_trouble_of_the_server_or_our_account_puts_it_off(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: str
) -> None:
    with pytest.raises(TryLater) as caught:
        await _send(monkeypatch, trouble)
    assert caught.value.code == code
    assert not isinstance(caught.value, PerhapsTaken)
    assert "hunter2" not in str(caught.value)


GREETING, FINE, GO_AHEAD = b"220 hello\r\n", b"250 fine\r\n", b"354 go ahead\r\n"
BEFORE = {
    "greeting": [],
    "EHLO": [GREETING],
    "MAIL": [GREETING, FINE],
    "RCPT": [GREETING, FINE, FINE],
}
DATA = [GREETING, FINE, FINE, FINE]
AFTER = {"the message": [*DATA, GO_AHEAD]}


async def _talked_to(script: list[bytes], *, hangs: bool, tail: bytes = b"") -> None:
    """Send to a server that answers so often, then hangs, or hangs up."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(script):
            if number:
                await reader.readline()
            writer.write(line)
            await writer.drain()
        if script[-1:] == [GO_AHEAD]:
            await reader.readuntil(b"\r\n.\r\n")
        elif script:
            await reader.readline()
        writer.write(tail)
        await writer.drain()
        if hangs:
            await asyncio.Event().wait()

    async with listening(connected) as port:
        await SmtpTransport(urlsplit(f"smtp://127.0.0.1:{port}")).send(letter(), "ada@example.com", 0.5)


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "hangs up"])
@pytest.mark.parametrize("at", BEFORE)
async def test_a_server_that_is_lost_before_the_message_certainly_does_not_have_it(at: str, *, hangs: bool) -> None:
    with pytest.raises(TryLater) as caught:
        await _talked_to(BEFORE[at], hangs=hangs)
    assert not isinstance(caught.value, PerhapsTaken)


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "hangs up"])
async def test_a_server_that_is_lost_after_the_message_perhaps_has_it(*, hangs: bool) -> None:
    with pytest.raises(PerhapsTaken):
        await _talked_to(AFTER["the message"], hangs=hangs)


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "hangs up"])
async def test_a_server_that_is_lost_after_its_word_has_the_mail(*, hangs: bool) -> None:
    await _talked_to(AFTER["the message"], hangs=hangs, tail=FINE)


@pytest.mark.parametrize(("reply", "kind"), [(b"451 later\r\n", TryLater), (b"554 no\r\n", Undeliverable)])
async def test_an_answer_to_the_message_is_the_servers_word_that_it_does_not_have_it(
    reply: bytes, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        await _talked_to(AFTER["the message"], hangs=False, tail=reply)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("url", "tls", "start_tls"),
    [("smtp://127.0.0.1", False, None), ("smtp://mail.example", False, True), ("smtps://mail.example", True, "unset")],
)
def test_tls_is_required_everywhere_but_on_loopback(url: str, tls: bool, start_tls: Any) -> None:  # noqa: FBT001 - a parameter
    options = SmtpTransport(urlsplit(url))._options
    assert options["use_tls"] is tls
    assert options.get("start_tls", "unset") == start_tls
